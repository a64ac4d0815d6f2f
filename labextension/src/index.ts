/** What this extension adds to JupyterLab and Notebook. */

import { deploying } from './deploy';
import { layout } from './layout';
import { panel } from './panel';

export default [deploying, layout, panel];
