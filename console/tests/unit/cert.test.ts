import { describe, expect, it } from 'vitest';
import { isCertificate } from '../../src/chapters/cert/pem';
import { proofLines } from '../../src/chapters/cert/proof';
import { certificateFile, keyFile, tryOut } from '../../src/chapters/device/certificate';

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB+/A=\nQUJD\n-----END CERTIFICATE-----';

describe('certificates', () => {
  it('are told from other texts', () => {
    expect(isCertificate(PEM)).toBe(true);
    expect(isCertificate(`\n ${PEM.replaceAll('\n', '\r\n')}\n`)).toBe(true);
    for (const bad of [
      '',
      'MIIB',
      PEM.replaceAll('CERTIFICATE', 'PRIVATE KEY'),
      PEM.replace('-----END', ''),
      `${PEM}\n${PEM}`,
      PEM.replace('QUJD', 'QU*D'),
    ]) {
      expect(isCertificate(bad), bad).toBe(false);
    }
  });

  it('prove an account in three lines, with its id in the first', () => {
    const lines = proofLines('100000000001').split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain('iothub_100000000001 ');
  });

  it('have the names that the device SDKs look for, and a line to try them', () => {
    expect([certificateFile('lamp'), keyFile('lamp')]).toEqual(['lamp_cert.crt', 'lamp_private.key']);
    const line = tryOut('PRODUCT', 'lamp', { ClientId: 'PRODUCTlamp', Host: 'iot.acme', MqttsPort: 8883 });
    expect(line).toContain('-h iot.acme -p 8883 --cafile ca.pem --cert lamp_cert.crt --key lamp_private.key');
    expect(line).toContain("-i PRODUCTlamp -q 1 -t '$thing/up/property/PRODUCT/lamp'");
  });
});
