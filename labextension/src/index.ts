/** What this extension adds to JupyterLab and Notebook. */

import { deploying } from './deploy';

export default [deploying];
