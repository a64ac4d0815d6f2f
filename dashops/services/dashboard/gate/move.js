/* Changes a widget as its own control would, and waits until the kernel has done what follows. */
async ([id, change]) => {
  const manager = window.jupyterapp.widgetManager;
  const model = await manager.get_model(id);
  if (!Object.keys(change).length) {
    await manager.kernel.requestKernelInfo();
    return;
  }
  await new Promise((done) => {
    const status = (message) => {
      if (message.content.execution_state === 'idle') done();
    };
    model.set(change);
    model.save_changes({ iopub: { status } });
  });
}
