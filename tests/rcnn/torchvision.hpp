// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "tests/python.hpp"

namespace evenray {

/// Imports torchvision. PyPI's is built for CUDA: beside a CPU build of torch it lacks its compiled
/// operators. Lines below then stand in for them; tests/golden/rcnn holds what the compiled ones
/// compute.
inline constexpr const char* kTorchvision = R"(
import sys, torch
from safetensors.torch import load_file, save_file
try:
    import torchvision
except RuntimeError:
    for name in [name for name in sys.modules if name.startswith('torchvision')]:
        del sys.modules[name]
    from torch import library
    operators = vars(library)['Library']('torchvision', 'DEF')
    operators.define('nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor')
    operators.define('qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor')
    operators.define('roi_align(Tensor input, Tensor rois, float spatial_scale, int pooled_height, '
                     'int pooled_width, int sampling_ratio, bool aligned) -> Tensor')

    def nms(boxes, scores, threshold):
        kept, left = [], scores.sort(stable=True, descending=True)[1]
        overlaps = torchvision.ops.box_iou(boxes, boxes)
        while len(left):
            kept.append(left[0].item())
            left = left[1:][~(overlaps[left[0], left[1:]] > threshold)]
        return torch.tensor(kept, dtype=torch.long)

    def side(start, length, bins, samples, size):
        # The weights [bins, size] of the positions of a map.
        samples = samples if samples > 0 else int((length / bins).ceil())
        at = start + (torch.arange(bins)[:, None] + (torch.arange(samples) + .5) / samples) * length / bins
        hat = (1 - (at.clamp(0, size - 1)[..., None] - torch.arange(size)).abs()).clamp(min=0)
        return (hat * ((at >= -1) & (at <= size))[..., None]).mean(1).to(start.dtype)

    def roi_align(maps, rois, scale, height, width, samples, aligned):
        out = []
        for roi in rois:
            low = roi[1:3] * scale - aligned / 2
            sides = (roi[3:] - roi[1:3]) * scale
            x, y = low
            w, h = sides if aligned else sides.clamp(min=1)
            out.append(torch.einsum('ph,chw,qw->cpq', side(y, h, height, samples, maps.shape[2]),
                                    maps[int(roi[0])], side(x, w, width, samples, maps.shape[3])))
        return torch.stack(out) if out else maps.new_zeros(0, maps.shape[1], height, width)
    operators.impl('nms', nms, 'CPU')
    operators.impl('roi_align', roi_align, 'CompositeImplicitAutograd')
    import torchvision
    for name in ('boxes', 'roi_align'):
        sys.modules['torchvision.ops.' + name]._assert_has_ops = lambda: None
    sys.modules['torchvision.ops.roi_align']._has_ops = lambda: True
)";

/// Runs a script after kTorchvision in a folder; false, with a printed word, where .venv lacks what
/// it needs.
inline bool run_torchvision(const Path& folder, const std::string& script) {
  return run_python(folder, "torch, torchvision, safetensors", kTorchvision + script);
}

}  // namespace evenray
