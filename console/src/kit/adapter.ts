// The place where the component library learns about React 19. Must be the first import of main.tsx.
import 'tdesign-react/es/_util/react-19-adapter';
import 'tdesign-react/es/style/index.css';
