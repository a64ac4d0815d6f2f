/* What a viewer sees of the page now, told in plain values; changes nothing. `roots` are the
   models of the widgets that visible cells put out. */
async (roots) => {
  const soon = (promise) =>
    Promise.race([promise.catch((error) => ({ error })), new Promise((done) => setTimeout(done, 20, null))]);
  const cell = (node) => Number(node.closest('[cell-index]')?.getAttribute('cell-index') ?? 0);
  const area = (node) => { const box = node.getBoundingClientRect(); return box.width * box.height; };
  const all = (selector) => [...document.querySelectorAll(`#rendered_cells ${selector}`)];
  const manager = window.jupyterapp?.widgetManager;

  const widgets = [];
  for (const id of manager ? roots : []) {
    const model = await soon(manager.get_model(id));
    const views = model?.views ? await soon(Promise.all(Object.values(model.views))) : null;
    widgets.push({ id, drawn: Array.isArray(views) && views.some((view) => view.el?.isConnected) });
  }
  const models = [];
  for (const [id, promise] of Object.entries(manager?._models ?? {})) {
    const model = await soon(promise);
    if (!model?.get) continue;
    const views = (await soon(Promise.all(Object.values(model.views ?? {})))) ?? [];
    const nodes = (Array.isArray(views) ? views : []).map((view) => view.el).filter(Boolean);
    const broken = nodes.some((node) => node.querySelector(':scope > .jupyter-widgets-error-widget'));
    models.push({
      id,
      broken: broken || Boolean(model.get('failed_module')),
      module: String(model.get('_view_module') ?? ''),
      empty: nodes.length > 0 && nodes.every((node) => !node.childNodes.length && !area(node)),
    });
  }
  const kinds = (text) => Object.keys(JSON.parse(text).data ?? {});
  if (document.readyState !== 'complete') return { started: false };
  return {
    started: Boolean(window.jupyterapp) && !document.getElementById('loading'),
    pending: all('script[type="application/vnd.voila.cell-output+json"]').map((node) => ({
      cell: cell(node),
      kinds: kinds(node.textContent),
    })),
    restored: !roots.length || Boolean(manager?.restoredStatus),
    widgets,
    models,
    messages: all('.jupyter-widgets')
      .filter((node) => node.textContent.startsWith('Error displaying widget'))
      .map((node) => ({ cell: cell(node), text: node.textContent })),
    errors: all('[data-mime-type="application/vnd.jupyter.stderr"]')
      .filter((node) => node.textContent.startsWith('Javascript Error'))
      .map((node) => ({ cell: cell(node), text: node.textContent })),
    images: all('img')
      .filter((node) => node.complete && !node.naturalWidth && node.getAttribute('src'))
      .map((node) => ({ cell: cell(node), source: node.getAttribute('src').slice(0, 200) })),
    loading: all('img').filter((node) => !node.complete && node.loading !== 'lazy').length,
  };
}
