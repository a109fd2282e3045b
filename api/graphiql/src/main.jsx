import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import '@graphiql/plugin-explorer/style.css';
import './style.css';

import { createRoot } from 'react-dom/client';
import { Playground } from './playground.jsx';

const root = createRoot(document.getElementById('playground'));

try {
  const response = await fetch('/graphiql/config.json');
  root.render(<Playground config={await response.json()} />);
} catch (error) {
  root.render(<p className="loading">The server does not answer: {error.message}. Reload to try again.</p>);
}
