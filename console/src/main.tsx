// The place where the console starts.
import './kit/adapter';
import './kit/kit.css';
import './kit/forms.css';
import './kit/table.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App';
import { startLanguage } from './i18n';
import { startTheme } from './kit/theme';

startTheme();
void startLanguage().then(() => {
  const root = document.getElementById('root');
  if (root) {
    createRoot(root).render(
      <StrictMode>
        <App />
      </StrictMode>,
    );
  }
});
