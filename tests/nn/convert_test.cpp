// SPDX-License-Identifier: Apache-2.0
// tools/convert-weights, on state dicts with the names of other packages.
#include <torch/types.h>

#include <set>

#include "nn/pretrained.hpp"
#include "tests/nn/torch_fixture.hpp"
#include "tests/python.hpp"

using namespace evenray;

namespace {

/// Their weights would take seconds to convert.
const std::set<std::string> kLarge{"torchvision vgg16_bn", "timm inception_resnet_v2"};

/// The state dict of a package that has evenray's names.
Json unchanged(const std::string& arch) {
  const Json table = read_json(source_folder() / "tools" / "architectures.json")[arch];
  Json tensors;
  for (const auto& [name, shape] : table["tensors"].items()) tensors.push_back({name, shape, name});
  tensors[0][1][1] = 3;  // colours
  const std::string head = table["head"];
  tensors.push_back({head + ".weight", {1000, table["inputs"]}, ""});
  tensors.push_back({head + ".bias", Json::array({1000}), ""});
  return {{"arch", arch}, {"tensors", tensors}};
}

/// Saves a state dict of each package whose tensors hold their place in it, in the ways in which
/// training programs save it, and broken ones.
constexpr const char* kSave = R"(
import argparse, json, torch
tables = json.load(open("foreign.json"))
for name, table in tables.items():
    if 'vgg' in name or 'inception' in name:
        continue
    tensors = {key: torch.full(shape, (place + 1) / 4096) for place, (key, shape, _) in enumerate(table['tensors'])}
    if 'resnet' in name:
        tensors = {'state_dict': {'module.' + k: v.half() for k, v in tensors.items()}, 'epoch': 3}
    torch.save(tensors, name.replace(' ', '-') + '.pth')
small = {key: torch.zeros(shape) for key, shape, _ in tables['torchvision resnet18']['tensors']}
torch.save({**small, 'conv1.weight': torch.full([64, 3, 7, 7], float('nan'))}, 'nan.pth')
torch.save({k: v for k, v in small.items() if not k.startswith('layer4.1')}, 'part.pth')
torch.save({'args': argparse.Namespace(lr=1), 'model': small}, 'objects.pth')
torch.save([1, 2], 'list.pth')
open('cut.pth', 'wb').write(open('part.pth', 'rb').read()[:50000])
)";

/// Checks the names and shapes that the tool gives to kLarge, with tensors without values.
constexpr const char* kMatch = R"(
import json, sys, torch
sys.path.insert(0, open("tools.txt").read())
import convert_weights
for name, matched_by in {"torchvision vgg16_bn": "order and shapes",
                         "timm inception_resnet_v2": "names"}.items():
    foreign = json.load(open("foreign.json"))[name]
    table = convert_weights.TABLES[foreign["arch"]]
    tensors = {key: torch.empty(shape, device="meta") for key, shape, _ in foreign["tensors"]}
    names, how = convert_weights.match(tensors, table)
    assert how == matched_by
    assert names == {ours: key for key, _, ours in foreign["tensors"] if ours}
    renamed = convert_weights.renamed(tensors, names, table)
    found = {key: list(tensor.shape) for key, tensor in renamed.items()}
    stem, shape = next(iter(table["tensors"].items()))
    assert found == {**table["tensors"], stem: [shape[0], 3, *shape[2:]]}
)";

struct Ran {
  int code;
  std::string text;
};
Ran convert(const Path& folder, const std::string& arguments) {
  const Path tool = std::filesystem::absolute(source_folder()) / "tools" / "convert-weights";
  const int status = std::system(
      cat("cd '", folder.string(), "' && '", tool.string(), "' ", arguments, " > out.txt 2>&1")
          .c_str());
  return {WEXITSTATUS(status), read_file(folder / "out.txt")};
}

}  // namespace

TEST_CASE("weights of other packages get timm's names, others are refused with the way out") {
  const ScratchFolder folder;
  Json foreign = golden_json("nn/foreign.json");
  foreign["timm inception_resnet_v2"] = unchanged("inception_resnet_v2");
  foreign["pretrainedmodels nasnetamobile"] = unchanged("nasnetamobile");
  write_json(folder / "foreign.json", foreign);
  if (!run_python(folder.path(), "torch, safetensors", kSave)) return;
  write_atomic(folder / "tools.txt",
               (std::filesystem::absolute(source_folder()) / "tools").string());
  run_python(folder.path(), "torch, safetensors", kMatch);
  for (const auto& [name, table] : foreign.items()) {
    if (kLarge.contains(name)) continue;
    INFO(name);
    std::string file = name;
    std::replace(file.begin(), file.end(), ' ', '-');
    const Ran ran = convert(folder.path(), file + ".pth --name test --licence CC0");
    INFO(ran.text);
    REQUIRE(ran.code == 0);
    const Pretrained weights =
        read_pretrained((folder / (file + ".safetensors")).string(), table["arch"]);
    CHECK(weights.licence == "CC0");
    const bool half = contains(name, "lite") || contains(name, "vit") || contains(name, "nasnet");
    CHECK(weights.input.deviation == (contains(name, "xray") ? 1. / 2048 : half ? .5 : .226));
    size_t found = 0;
    const auto& tensors = table["tensors"];
    for (size_t place = 0; place < tensors.size(); ++place) {
      const std::string timm_name = tensors[place][2];
      if (timm_name.empty()) continue;
      ++found;
      const auto& tensor = weights.tensors.at(timm_name);
      CHECK(tensor.scalar_type() == torch::kFloat);
      // torchvision's MobileNetV3 has another epsilon, which is added to the variances.
      const bool other = contains(name, "mobilenet_v3") && timm_name.ends_with("running_var");
      const double value = static_cast<double>(place + 1) / 4096 + (other ? .00099 : 0);
      CHECK((tensor - value).abs().max().item<double>() <= (other ? 1e-8 : 0));
    }
    CHECK(found + 2 == weights.tensors.size());  // and the last layer
    weights.load(*make_backbone(weights.arch));
  }

  const auto expect = [&](const std::string& arguments, int code, const std::string& words) {
    const Ran ran = convert(folder.path(), arguments);
    INFO(arguments + ": " + ran.text);
    CHECK(ran.code == code);
    CHECK(contains(ran.text, words));
    CHECK(std::count(ran.text.begin(), ran.text.end(), '\n') == 1);
    CHECK_FALSE(std::filesystem::exists(folder / "bad.safetensors"));
  };
  expect("nan.pth --out bad.safetensors", 65, "'conv1.weight' holds values that are not finite");
  expect("objects.pth --out bad.safetensors", 65, "holds Python objects, not only tensors");
  expect("list.pth --out bad.safetensors", 65, "holds no tensors by name");
  expect("cut.pth --out bad.safetensors", 65, "is not a PyTorch file, or it is damaged");
  expect("foreign.json --out bad.safetensors", 65, "is not a PyTorch file, or it is damaged");
  expect("none.pth --out bad.safetensors", 66, "no such file");
  expect("part.pth --out bad.safetensors", 65, "10 of the 100 tensors of resnet18 are missing");
  expect("part.pth --arch resnet81 --out bad.safetensors", 2, "unknown architecture 'resnet81'");
  expect("nan.pth --arch densenet121 --out bad.safetensors", 65, "of densenet121 are missing");
  const Ran partial = convert(folder.path(), "part.pth --partial");
  CHECK(partial.code == 0);
  CHECK(contains(partial.text, "missing, to be drawn at random: layer4.1.conv1.weight, "));
  CHECK(read_pretrained((folder / "part.safetensors").string(), "resnet18").partial);
}
