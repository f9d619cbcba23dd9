// The place where short messages appear at the top of the page; the library's part comes with the first one.
const SHORT = 3000;
const LONG = 6000;

type Kind = 'success' | 'info' | 'warning' | 'error';

async function show(kind: Kind, content: string): Promise<void> {
  const { MessagePlugin } = await import('tdesign-react/es/message');
  const lasting = kind === 'warning' || kind === 'error';
  await MessagePlugin[kind]({ content, duration: lasting ? LONG : SHORT, closeBtn: lasting });
}

export const say = {
  success: (text: string) => void show('success', text),
  info: (text: string) => void show('info', text),
  warning: (text: string) => void show('warning', text),
  error: (text: string) => void show('error', text),
};
