// The place where the component library gets its own words.
import { useEffect, useState, type ReactNode } from 'react';
import { ConfigProvider } from 'tdesign-react/es/config-provider';
import zh from 'tdesign-react/es/locale/zh_CN';

export function LibraryWords({ language, children }: { language: 'zh' | 'en'; children: ReactNode }) {
  const [words, setWords] = useState<typeof zh>();
  useEffect(() => {
    if (language === 'zh') setWords(zh);
    else
      void import('tdesign-react/es/locale/en_US').then((module) =>
        setWords(module.default as unknown as typeof zh),
      );
  }, [language]);
  return <ConfigProvider globalConfig={words ?? zh}>{children}</ConfigProvider>;
}
