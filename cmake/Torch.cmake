# LibTorch from a pip wheel, CPU or CUDA, as own imported targets: a CUDA wheel's TorchConfig demands the whole toolkit.
# EVENRAY_TORCH in the environment: the 'torch' folder of another wheel than .venv's. Asked for at every configuration; a
# cache entry would outlive a change.
set(TORCH_DIR "$ENV{EVENRAY_TORCH}")
if(NOT TORCH_DIR)
  file(GLOB TORCH_DIR ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch)
endif()
if(NOT EXISTS "${TORCH_DIR}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "no LibTorch in '${TORCH_DIR}': run tools/setup, or set EVENRAY_TORCH to the 'torch' folder of a wheel")
endif()

set(torch_libraries c10 torch_cpu torch)
if(EXISTS ${TORCH_DIR}/lib/libtorch_cuda.so)
  list(APPEND torch_libraries c10_cuda torch_cuda)
endif()
foreach(library ${torch_libraries})
  add_library(torch::${library} SHARED IMPORTED GLOBAL)
  set_target_properties(torch::${library} PROPERTIES
    IMPORTED_LOCATION ${TORCH_DIR}/lib/lib${library}.so IMPORTED_SONAME lib${library}.so)
endforeach()
set_target_properties(torch::c10 PROPERTIES
  INTERFACE_INCLUDE_DIRECTORIES "${TORCH_DIR}/include;${TORCH_DIR}/include/torch/csrc/api/include"
  INTERFACE_COMPILE_DEFINITIONS USE_DISTRIBUTED)
set_target_properties(torch::torch_cpu PROPERTIES INTERFACE_LINK_LIBRARIES torch::c10)
set(torch_links torch::torch_cpu)
if(TARGET torch::torch_cuda)
  # No symbol of these is named by our code; the backend registers itself when they are loaded. Their own needs (cuDNN,
  # cuBLAS, ...) are found at run time beside the wheel.
  list(APPEND torch_links torch::c10_cuda torch::torch_cuda)
  set_target_properties(torch::torch PROPERTIES INTERFACE_LINK_OPTIONS
    "-Wl,--no-as-needed;-Wl,--allow-shlib-undefined")
endif()
set_target_properties(torch::torch PROPERTIES INTERFACE_LINK_LIBRARIES "${torch_links}")
# Some wheels export parts of a libstdc++ of their own (std::filesystem): the system's must be searched first.
string(APPEND CMAKE_EXE_LINKER_FLAGS " -Wl,--push-state,--no-as-needed -lstdc++ -Wl,--pop-state")
