# The kernel gateway of demo: runs the kernels of dashboards, one per viewer.
from pathlib import Path

c = get_config()  # noqa: F821  jupyter-kernel-gateway provides it

c.KernelGatewayApp.ip = "0.0.0.0"
c.KernelGatewayApp.port = 8868
c.KernelGatewayApp.port_retries = 0
c.KernelGatewayApp.auth_token = Path("/run/secrets/gateway-token").read_text().strip()
c.KernelGatewayApp.max_kernels = 50
c.KernelGatewayApp.api = "dashops.services.gateway.personality"
c.KernelGatewayApp.kernel_manager_class = "dashops.services.gateway.kernels.BundleKernels"
c.Personality.list_kernels = True
# What is over these limits would be left out of a page in silence: a megabyte of output a second.
c.ZMQChannelsWebsocketConnection.limit_rate = False
c.KernelGatewayApp.kernel_spec_manager_class = "dashops.services.gateway.specs.SnapshotSpecs"
c.Personality.env_whitelist = ["DASHOPS_BUNDLE", "DASHOPS_SNAPSHOT", "QUERY_STRING", "REMOTE_USER"]
c.BundleKernels.bundle_root = "/var/lib/dashops/gateway"
c.BundleKernels.kernel_log = "/proc/1/fd/2"
# Environments of dashboards get their packages from where those of the stack do.
c.BundleKernels.environment_root = "/var/lib/dashops/gateway/environments"
c.BundleKernels.uv_options = []
c.BundleKernels.uv_env = {}
c.BundleKernels.kernel_memory = 4294967296
c.BundleKernels.memory_reserve = 268435456
# The dashboard server writes it at each start.
c.BundleKernels.claims_key = "/var/lib/dashops/claims/claims.pub"
c.BundleKernels.kernel_processes = 4096
c.BundleKernels.kernel_cpu_time = 0
c.BundleKernels.kernel_files = 1024
c.BundleKernels.allowed_env = ["LANG", "LC_ALL", "TZ"]
# The dashboard server ends kernels nobody uses; this is the net below it, for when it is gone.
c.BundleKernels.cull_idle_timeout = 3600
c.BundleKernels.cull_interval = 60
