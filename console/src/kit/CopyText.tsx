// The place where ids and secrets are shown, copied, and hidden until somebody wants to see them.
import { BrowseIcon, BrowseOffIcon, CopyIcon } from 'tdesign-icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { say } from './say';
import { NONE } from './time';

/** Copies, also where the page is not on https and the browser denies its clipboard. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.style.cssText = 'position:fixed;opacity:0';
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

interface CopyProps {
  text: string | undefined;
  /** What it is, for the button's name: "copy product ID". */
  what: string;
  /** Hidden until asked for. */
  secret?: boolean;
  className?: string;
}

export function CopyText({ text, what, secret = false, className = '' }: CopyProps) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(!secret);
  if (!text) return <span className="k-quiet">{NONE}</span>;
  return (
    <span className={`k-copy ${className}`}>
      <span className="k-mono k-copy-text" title={shown ? text : undefined}>
        {shown ? text : '••••••••••••••••'}
      </span>
      {secret && (
        <button
          type="button"
          className="k-icon-button"
          aria-label={t(shown ? 'do.hideWhat' : 'do.showWhat', { what })}
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        >
          {shown ? <BrowseOffIcon /> : <BrowseIcon />}
        </button>
      )}
      <CopyButton text={text} what={what} />
    </span>
  );
}

export function CopyButton({ text, what }: { text: string; what: string }) {
  const { t } = useTranslation();
  const run = async () => {
    if (await copy(text)) say.success(t('said.copied'));
    else say.error(t('said.notCopied'));
  };
  return (
    <button
      type="button"
      className="k-icon-button"
      aria-label={t('do.copyWhat', { what })}
      title={t('do.copy')}
      onClick={() => void run()}
    >
      <CopyIcon />
    </button>
  );
}
