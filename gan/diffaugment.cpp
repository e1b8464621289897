// SPDX-License-Identifier: Apache-2.0
#include "gan/diffaugment.hpp"

#include <torch/torch.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// [B,1,1,1] of values drawn a row each.
template <class Draw>
torch::Tensor per_image(int64_t batch, torch::Device device, torch::ScalarType type, Draw draw) {
  std::vector<double> values;
  for (int64_t i = 0; i < batch; ++i) values.push_back(draw());
  return torch::tensor(values, torch::kDouble)
      .to(type)
      .view({batch, 1, 1, 1})
      .to(device, /*non_blocking=*/true);
}

torch::Tensor translate(const torch::Tensor& x, Rng rng) {
  const int64_t batch = x.size(0), height = x.size(2), width = x.size(3);
  const auto shifts = [&](int64_t side) {
    const int64_t limit = (side + 4) / 8;  // round(side / 8)
    return per_image(batch, x.device(), torch::kLong, [&] {
      return static_cast<double>(rng.below(2 * limit + 1)) - static_cast<double>(limit);
    });
  };
  // One line of zeros on each side; what would come from further out is clamped onto it.
  const auto padded = torch::constant_pad_nd(x, {1, 1, 1, 1});
  const auto line = [&](int64_t side) {
    return torch::arange(side, torch::TensorOptions(torch::kLong).device(x.device()));
  };
  const auto rows =
      (line(height).view({1, 1, height, 1}) + shifts(height) + 1).clamp(0, height + 1);
  const auto columns = (line(width).view({1, 1, 1, width}) + shifts(width) + 1).clamp(0, width + 1);
  return padded.gather(2, rows.expand({batch, x.size(1), height, width + 2}))
      .gather(3, columns.expand({batch, x.size(1), height, width}));
}

torch::Tensor cut_out(const torch::Tensor& x, Rng rng) {
  const int64_t batch = x.size(0);
  const auto outside = [&](int64_t side, std::vector<int64_t> shape) {
    const int64_t cut = side / 2;
    const auto centre = per_image(batch, x.device(), torch::kLong, [&] {
      return static_cast<double>(rng.below(side + (1 - cut % 2)));
    });
    const auto line =
        torch::arange(side, torch::TensorOptions(torch::kLong).device(x.device())).view(shape);
    const auto start = centre - cut / 2;
    return torch::logical_or(line < start, line >= start + cut);
  };
  const auto rows = outside(x.size(2), {1, 1, -1, 1});
  const auto columns = outside(x.size(3), {1, 1, 1, -1});
  return x * torch::logical_or(rows, columns).to(x.scalar_type());
}

}  // namespace

DiffAugment DiffAugment::parse(const std::string& names) {
  DiffAugment out;
  if (names == "none" || names.empty()) return out;
  for (const auto& part : split_text(names, ',')) {
    const std::string name = trim(part);
    if (name == "brightness") {
      out.brightness = true;
    } else if (name == "contrast") {
      out.contrast = true;
    } else if (name == "translation") {
      out.translation = true;
    } else if (name == "cutout") {
      out.cutout = true;
    } else {
      throw Error(Exit::config,
                  unknown_name("gan.diffaugment",
                               name,
                               {"brightness", "contrast", "translation", "cutout", "none"}));
    }
  }
  return out;
}

torch::Tensor DiffAugment::apply(const torch::Tensor& images, const Rng& rng) const {
  auto x = images;
  const int64_t batch = x.size(0);
  if (brightness) {
    Rng stream = rng.fork("brightness");
    x = x + per_image(batch, x.device(), torch::kFloat, [&] {
              return stream.uniform(-.5, .5);
            }).to(x.scalar_type());
  }
  if (contrast) {
    Rng stream = rng.fork("contrast");
    const auto factor = per_image(batch, x.device(), torch::kFloat, [&] {
                          return stream.uniform(.5, 1.5);
                        }).to(x.scalar_type());
    const auto centre = x.mean({1, 2, 3}, true);
    x = (x - centre) * factor + centre;
  }
  if (translation) x = translate(x, rng.fork("translation"));
  if (cutout) x = cut_out(x, rng.fork("cutout"));
  return x.contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace evenray
