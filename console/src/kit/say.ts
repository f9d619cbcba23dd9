// The place where short messages appear at the top of the page.
import { MessagePlugin } from 'tdesign-react/es/message';

const SHORT = 3000;
const LONG = 6000;

export const say = {
  success: (text: string) => void MessagePlugin.success(text, SHORT),
  info: (text: string) => void MessagePlugin.info(text, SHORT),
  warning: (text: string) => void MessagePlugin.warning(text, LONG),
  error: (text: string) => void MessagePlugin.error({ content: text, duration: LONG, closeBtn: true }),
};
