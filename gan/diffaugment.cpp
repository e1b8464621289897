// SPDX-License-Identifier: Apache-2.0
#include "gan/diffaugment.hpp"

#include <torch/types.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "nn/loader.hpp"

namespace evenray {
namespace {

torch::Tensor line(int64_t side, const torch::Tensor& like) {
  return torch::arange(side, torch::TensorOptions(torch::kLong).device(like.device()));
}

/// Largest translation along a side in pixels: round(side / 8).
int64_t farthest(int64_t side) { return (side + 4) / 8; }

/// down, right: [B,1,1,1], the translation in pixels.
torch::Tensor translate(const torch::Tensor& x,
                        const torch::Tensor& down,
                        const torch::Tensor& right) {
  const int64_t batch = x.size(0), height = x.size(2), width = x.size(3);
  // One line of zeros on each side is enough: indices further out are clamped to it.
  const auto padded = torch::constant_pad_nd(x, {1, 1, 1, 1});
  const auto rows = (line(height, x).view({1, 1, height, 1}) + down + 1).clamp(0, height + 1);
  const auto columns = (line(width, x).view({1, 1, 1, width}) + right + 1).clamp(0, width + 1);
  return padded.gather(2, rows.expand({batch, x.size(1), height, width + 2}))
      .gather(3, columns.expand({batch, x.size(1), height, width}));
}

/// y, x: [B,1,1,1], the middle of the box that is set to zero in each image.
torch::Tensor cut_out(const torch::Tensor& images, const torch::Tensor& y, const torch::Tensor& x) {
  const auto outside =
      [&](int64_t side, const torch::Tensor& middle, const std::vector<int64_t>& shape) {
        const int64_t cut = side / 2;
        const auto place = line(side, images).view(shape), start = middle - cut / 2;
        return torch::logical_or(place < start, place >= start + cut);
      };
  return images * torch::logical_or(outside(images.size(2), y, {1, 1, -1, 1}),
                                    outside(images.size(3), x, {1, 1, 1, -1}))
                      .to(images.scalar_type());
}

}  // namespace

DiffAugment DiffAugment::parse(const std::string& names) {
  DiffAugment out;
  if (names == "none") return out;
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
      throw Error(
          Exit::config,
          unknown_name("gan.augment", name, {"brightness", "contrast", "translation", "cutout"}) +
              "; none and ada cannot be combined with others");
    }
  }
  return out;
}

torch::Tensor DiffAugment::apply(const torch::Tensor& images, const Rng& rng) const {
  const int64_t batch = images.size(0), height = images.size(2), width = images.size(3);
  // All draws are copied to the device in one tensor, with one number per image for each draw.
  std::vector<float> values;
  const auto draw = [&](Rng& stream, auto one) {
    for (int64_t i = 0; i < batch; ++i) values.push_back(static_cast<float>(one(stream)));
  };
  const auto whole = [](int64_t low, int64_t high) {
    return [=](Rng& stream) {
      return static_cast<double>(low) +
             static_cast<double>(stream.below(static_cast<uint64_t>(high - low + 1)));
    };
  };
  if (brightness) {
    Rng stream = rng.fork("brightness");
    draw(stream, [](Rng& s) { return s.uniform(-.5, .5); });
  }
  if (contrast) {
    Rng stream = rng.fork("contrast");
    draw(stream, [](Rng& s) { return s.uniform(.5, 1.5); });
  }
  if (translation) {
    Rng stream = rng.fork("translation");
    for (const int64_t side : {height, width}) draw(stream, whole(-farthest(side), farthest(side)));
  }
  if (cutout) {
    Rng stream = rng.fork("cutout");
    for (const int64_t side : {height, width}) draw(stream, whole(0, side - side / 2 % 2));
  }
  const auto drawn = to_device(torch::tensor(values), images.device()).view({-1, batch, 1, 1, 1});
  int64_t next = 0;
  const auto take = [&](torch::ScalarType type) { return drawn[next++].to(type); };

  auto x = images;
  if (brightness) x = x + take(x.scalar_type());
  if (contrast) {
    const auto centre = x.mean({1, 2, 3}, true);
    x = (x - centre) * take(x.scalar_type()) + centre;
  }
  if (translation) {
    const auto down = take(torch::kLong), right = take(torch::kLong);
    x = translate(x, down, right);
  }
  if (cutout) {
    const auto middle_y = take(torch::kLong), middle_x = take(torch::kLong);
    x = cut_out(x, middle_y, middle_x);
  }
  return x.contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace evenray
