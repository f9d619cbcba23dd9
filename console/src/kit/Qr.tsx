// The place where text becomes a QR code.
import { useEffect, useState } from 'react';

export function Qr({ text, label, size = 160 }: { text: string; label: string; size?: number }) {
  const [source, setSource] = useState<string>();
  useEffect(() => {
    let gone = false;
    void import('qrcode').then(async ({ default: qrcode }) => {
      const made = await qrcode.toDataURL(text, { margin: 1, width: size * 2, errorCorrectionLevel: 'M' });
      if (!gone) setSource(made);
    });
    return () => {
      gone = true;
    };
  }, [text, size]);
  return (
    <div className="k-qr" style={{ width: size, height: size }}>
      {source && <img src={source} alt={label} width={size} height={size} />}
    </div>
  );
}
