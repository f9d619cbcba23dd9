// The place where lists are searched: what is typed counts 300 ms after the last key.
import { CloseCircleFilledIcon, SearchIcon } from 'tdesign-icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

const PAUSE = 300;

interface SearchProps {
  label: string;
  value: string;
  onChange: (text: string) => void;
  placeholder?: string;
}

export function Search({ label, value, onChange, placeholder }: SearchProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => setText(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const type = (given: string, pause = PAUSE) => {
    setText(given);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onChange(given.trim()), pause);
  };
  return (
    <div className="k-search" role="search">
      <SearchIcon aria-hidden="true" />
      <input
        type="text"
        aria-label={label}
        value={text}
        placeholder={placeholder ?? label}
        onChange={(event) => type(event.target.value)}
        onKeyDown={(event) => event.key === 'Enter' && type(text, 0)}
      />
      {text && (
        <button
          type="button"
          className="k-icon-button"
          aria-label={t('do.clear')}
          onClick={() => type('', 0)}
        >
          <CloseCircleFilledIcon />
        </button>
      )}
    </div>
  );
}
