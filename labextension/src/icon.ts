/** The icon of dashboards. */

import { LabIcon } from '@jupyterlab/ui-components';

export const dashboardIcon = new LabIcon({
  name: 'dashops:dashboard',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">' +
    '<path class="jp-icon3 jp-icon-selectable" fill="#616161" d="M3 3h8v10H3zM13 3h8v6h-8zM13 11h8v10h-8zM3 15h8v6H3z"/></svg>'
});
