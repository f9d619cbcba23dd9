// The place where the library's button stays a button when it is disabled.
import { Button as LibraryButton, type ButtonProps } from 'tdesign-react/es/button';

export function Button(props: ButtonProps) {
  return <LibraryButton tag="button" {...props} />;
}
