/** What this extension adds to JupyterLab and Notebook. */

import { deploying } from './deploy';
import { layout } from './layout';

export default [deploying, layout];
