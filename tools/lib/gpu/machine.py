"""What a machine with a GPU has: the GPU, CUDA's libraries wherever they lie, a Python with PyTorch, NVIDIA's tools."""

import glob
import os
import re
import shutil
import subprocess
import sys

# The sonames that ebb opens, and the runtime that its programs are linked with.
LIBRARIES = ("libcudart.so.13", "libcublas.so.13", "libcublasLt.so.13", "libcudnn.so.9", "libnccl.so.2")
FOLDERS = (
    "/usr/local/cuda*/lib64",
    "/usr/local/cuda*/targets/x86_64-linux/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib64",
)
TOOLS = ("nvidia-smi", "compute-sanitizer", "ncu", "nvcc", "cuobjdump")
GPU_FIELDS = (
    "name,driver_version,memory.total,clocks.sm,clocks.mem,clocks.max.sm,clocks.max.mem,temperature.gpu,power.draw,power.limit"
)


def output_of(*command, seconds=20, environment=None):
    """What it prints; None where it cannot be run, fails or takes longer."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=seconds, env=environment)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None


def find_tool(name):
    folders = os.pathsep.join(sorted(glob.glob("/usr/local/cuda*/bin") + glob.glob("/opt/nvidia/nsight-compute/*")))
    return shutil.which(name) or shutil.which(name, path=folders)


def gpus():
    """[{field: value}] of the GPUs that nvidia-smi knows, with their clocks of this moment."""
    tool = find_tool("nvidia-smi")
    lines = output_of(tool, f"--query-gpu={GPU_FIELDS}", "--format=csv,noheader") if tool else None
    fields = GPU_FIELDS.split(",")
    return [dict(zip(fields, re.split(r",\s*", line))) for line in (lines or "").splitlines()]


def python_packages():
    """Where this Python, and the one that is called python3, keep their packages."""
    code = "import sys; print('\\n'.join(sys.path))"
    listed = {path for python in (sys.executable, "python3") for path in (output_of(python, "-c", code) or "").splitlines()}
    return sorted(path for path in listed if path.endswith("-packages"))


def library_folders():
    """{soname: folder}: the toolkit's before those of Python's nvidia packages."""
    folders = [folder for pattern in FOLDERS for folder in sorted(glob.glob(pattern), reverse=True)]
    folders += [folder for packages in python_packages() for folder in sorted(glob.glob(f"{packages}/nvidia/*/lib"))]
    found = {}
    for name in LIBRARIES:
        folder = next((f for f in folders if os.path.exists(os.path.join(f, name))), None)
        if folder:
            found[name] = folder
    return found


def version_in_name(folder, soname):
    """The version in the name of the file that a soname links to; pip's packages have the soname alone."""
    real = os.path.basename(os.path.realpath(os.path.join(folder, soname)))
    return real if real != soname else None


def pytorch(python):
    code = (
        "import json, torch; print(json.dumps({'torch': torch.__version__, 'cuda': torch.version.cuda,"
        " 'cudnn': torch.backends.cudnn.version(), 'sees_gpu': torch.cuda.is_available()}))"
    )
    return output_of(python, "-c", code, seconds=60, environment=clean_environment())


def clean_environment():
    """For PyTorch, which brings libraries of its own."""
    return {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}


def environment(pack, folders):
    """For the programs of the pack."""
    paths = [str(pack), *dict.fromkeys(folders.values())] + os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(path for path in paths if path)}


def inventory(folders):
    return {
        "gpus": gpus(),
        "cpus": os.cpu_count(),
        "kernel": os.uname().release,
        "libc": os.confstr("CS_GNU_LIBC_VERSION"),
        "libraries": {
            name: {"folder": folder, "file": version_in_name(folder, name)} for name, folder in folders.items()
        },
        "missing_libraries": [name for name in LIBRARIES if name not in folders],
        "tools": {name: find_tool(name) for name in TOOLS},
        "python": sys.version.split()[0],
    }


def slug(gpu_name):
    """h100 of "NVIDIA H100 80GB HBM3"."""
    words = [word for word in re.findall(r"[a-z0-9]+", gpu_name.lower()) if word not in ("nvidia", "tesla", "geforce")]
    return words[0] if words else "gpu"
