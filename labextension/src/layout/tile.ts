/** One cell as its viewers see it: its output, live, or its rendered text. */

import { IRenderMimeRegistry, MimeModel } from '@jupyterlab/rendermime';
import { OutputArea, SimplifiedOutputArea } from '@jupyterlab/outputarea';
import { closeIcon, editIcon } from '@jupyterlab/ui-components';
import { MessageLoop } from '@lumino/messaging';
import { Panel, PanelLayout, Widget } from '@lumino/widgets';

import { CellModel } from './notebook';
import { Place, isEmpty } from './layout';

/** What an author does with a tile. */
export type Acts = { hide(cell: CellModel): void; find(cell: CellModel): void };

export class Tile extends Panel {
  private shownText: string | undefined;
  private readonly name = document.createElement('span');

  constructor(
    readonly cell: CellModel,
    private readonly rendermime: IRenderMimeRegistry,
    acts: Acts
  ) {
    super();
    this.addClass('dashops-tile');
    const bar = new Widget();
    bar.addClass('dashops-tile-bar');
    bar.node.append(
      this.name,
      button('Show the cell in the notebook', editIcon, () => acts.find(cell)),
      button('Hide', closeIcon, () => acts.hide(cell))
    );
    this.addWidget(bar);
    if (cell.outputs) {
      const contentFactory = OutputArea.defaultContentFactory;
      const output = new SimplifiedOutputArea({ model: cell.outputs, rendermime, contentFactory });
      this.addContent(output);
    }
  }

  /** Take over what may have changed. */
  update_(place: Place): void {
    this.name.textContent = named(place);
    this.toggleClass('dashops-mod-empty', isEmpty(this.cell));
    const text = this.cell.outputs ? undefined : this.cell.sharedModel.getSource();
    if (text !== this.shownText) {
      this.shownText = text;
      void this.render(text ?? '');
    }
  }

  /** Pixels its content wants, if it is shown. */
  get wanted(): number {
    return this.content ? contentHeight(this.content.node) : 0;
  }

  private get content(): Widget | undefined {
    return (this.layout as PanelLayout).widgets[1];
  }

  private addContent(widget: Widget): void {
    widget.addClass('dashops-tile-content');
    this.content?.dispose();
    this.addWidget(widget);
  }

  private async render(text: string): Promise<void> {
    const type = this.cell.type === 'markdown' ? 'text/markdown' : 'text/plain';
    const renderer = this.rendermime.createRenderer(type);
    const model = new MimeModel({ data: { [type]: text }, trusted: this.cell.trusted });
    await renderer.renderModel(model);
    this.addContent(renderer);
  }
}

/** Attach a tile here, wherever it was before. */
export function put(tile: Tile, host: HTMLElement): void {
  if (tile.isAttached) {
    Widget.detach(tile);
  }
  Widget.attach(tile, host);
  MessageLoop.sendMessage(tile, Widget.ResizeMessage.UnknownSize);
}

/** What a cell is called: its number, and how its code or text begins. */
export function named({ cell, number }: Place): string {
  const start = cell.sharedModel.getSource().trim().split('\n')[0].slice(0, 40);
  return `Cell ${number}${start ? `: ${start}` : ''}`;
}

function button(label: string, icon: typeof closeIcon, act: () => void): HTMLElement {
  const made = document.createElement('button');
  made.className = 'jp-Button jp-mod-minimal dashops-tile-button';
  made.title = label;
  made.setAttribute('aria-label', label);
  icon.element({ container: made, tag: 'span', stylesheet: 'menuItem' });
  made.addEventListener('click', act);
  return made;
}

/** Content may be as high as its tile; what is in it is not. */
function contentHeight(node: HTMLElement): number {
  const bottoms = [...node.children].map(each => (each as HTMLElement).getBoundingClientRect());
  const found = bottoms.filter(each => each.height > 0);
  if (!found.length) {
    return 0;
  }
  const top = Math.min(...found.map(each => each.top));
  return Math.max(...found.map(each => each.bottom)) - top;
}
