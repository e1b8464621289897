// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/medmnist.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <opencv2/imgproc.hpp>
#include <set>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/files/image_folder.hpp"
#include "dataset/image/codecs.hpp"
#include "dataset/layouts/npz.hpp"
#include "dataset/sample/sample.hpp"

namespace evenray {
namespace {

struct Known {
  std::string_view stem;  ///< the file's name begins with it: chestmnist_224.npz
  std::vector<std::string> classes;
};

/// Spelled as in MedMNIST's own list.
const std::array kKnown = {Known{"chestmnist",
                                 {"atelectasis",
                                  "cardiomegaly",
                                  "effusion",
                                  "infiltration",
                                  "mass",
                                  "nodule",
                                  "pneumonia",
                                  "pneumothorax",
                                  "consolidation",
                                  "edema",
                                  "emphysema",
                                  "fibrosis",
                                  "pleural",
                                  "hernia"}},
                           Known{"pneumoniamnist", {"normal", "pneumonia"}}};

template <class Number>
int64_t number_at(const uint8_t* values, size_t i) {
  Number value;
  std::memcpy(&value, values + i * sizeof value, sizeof value);
  return static_cast<int64_t>(value);
}

/// Readers of the integer types, by NumPy's type string.
const std::map<std::string, int64_t (*)(const uint8_t*, size_t)> kWhole = {
    {"|b1", number_at<uint8_t>},
    {"|u1", number_at<uint8_t>},
    {"|i1", number_at<int8_t>},
    {"<u2", number_at<uint16_t>},
    {"<i2", number_at<int16_t>},
    {"<u4", number_at<uint32_t>},
    {"<i4", number_at<int32_t>},
    {"<u8", number_at<uint64_t>},
    {"<i8", number_at<int64_t>}};

int64_t whole_number(const NpzArray& array, size_t i) {
  return kWhole.at(array.type())(array.values(), i);
}

struct Part {
  std::string name;
  NpzArray images, labels;
  size_t rows = 0, label_columns = 1;
};

class MedMnist {
 public:
  explicit MedMnist(const std::string& path) : path_(path) {
    const auto arrays = read_npz(path);
    for (const std::string name : kParts) {
      const auto images = arrays.find(name + "_images"), labels = arrays.find(name + "_labels");
      if (images == arrays.end() && labels == arrays.end()) continue;
      if (images == arrays.end() || labels == arrays.end())
        refuse(cat("has only one of ", name, "_images and ", name, "_labels"));
      add_part(name, images->second, labels->second);
    }
    if (parts_.empty())
      refuse("has neither train_images and train_labels nor those of val or test");
  }

  Manifest read() {
    Manifest manifest;
    manifest.format = "medmnist";
    manifest.root = clean_root(path_).parent_path();
    manifest.source = Path(path_).stem().string();
    manifest.multi_label = parts_.front().label_columns > 1;
    name_classes(manifest);
    for (const auto& part : parts_) {
      for (size_t row = 0; row < part.rows; ++row) manifest.samples.push_back(sample(part, row));
    }
    return manifest;
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(Exit::bad_data, cat(path_, ": ", what));
  }

  void add_part(const std::string& name, const NpzArray& images, const NpzArray& labels) {
    Part part{name, images, labels};
    const auto& shape = images.shape();
    const bool colour = shape.size() == 4 && shape[3] == 3 && images.type() == "|u1";
    const bool grey = shape.size() == 3 && (images.type() == "|u1" || images.type() == "<u2");
    if (!colour && !grey) refuse(cat(name, "_images is not an array of grey or RGB images"));
    if (auto fault = size_fault(shape[2], shape[1]); !fault.empty())
      refuse(cat(name, "_images: ", fault));
    part.rows = shape[0];
    if (labels.shape().size() == 2) part.label_columns = labels.shape()[1];
    if (labels.shape().empty() || labels.shape().size() > 2 || labels.shape()[0] != part.rows ||
        part.label_columns == 0)
      refuse(cat(name, "_labels must have one row for each of the ", part.rows, " images"));
    if (!kWhole.contains(labels.type()))
      refuse(cat(name, "_labels has the type ", labels.type(), "; give integers"));
    if (!parts_.empty() && parts_.front().label_columns != part.label_columns)
      refuse("its parts have different numbers of label columns");
    parts_.push_back(std::move(part));
  }

  void name_classes(Manifest& manifest) {
    const size_t columns = parts_.front().label_columns;
    std::vector<std::string> known;
    for (const auto& set : kKnown) {
      if (lower(manifest.source).starts_with(set.stem)) known = set.classes;
    }
    if (columns > 1) {
      for (size_t c = 0; c < columns; ++c)
        manifest.class_names.push_back(known.size() == columns ? known[c] : cat(c));
      return;
    }
    std::set<int64_t> values;
    for (const auto& part : parts_) {
      for (size_t row = 0; row < part.rows; ++row) values.insert(whole_number(part.labels, row));
      if (values.size() > kMostClasses) refuse(cat("more than ", kMostClasses, " classes"));
    }
    for (const int64_t value : values) {
      class_of_[value] = manifest.class_names.size();
      const bool named = value >= 0 && static_cast<size_t>(value) < known.size();
      manifest.class_names.push_back(named ? known[static_cast<size_t>(value)] : cat(value));
    }
  }

  Sample sample(const Part& part, size_t row) const {
    Sample out;
    std::string number = cat(row);
    number.insert(0, 6 - std::min<size_t>(6, number.size()), '0');
    out.id = cat(part.name, "_", number);
    out.source_path = cat(Path(path_).filename().string(), "/", part.name, "/", number);
    out.part = part.name;
    if (part.label_columns == 1) {
      out.labels.assign(class_of_.size(), 0);
      out.labels[class_of_.at(whole_number(part.labels, row))] = 1;
    } else {
      for (size_t c = 0; c < part.label_columns; ++c) {
        const int64_t label = whole_number(part.labels, row * part.label_columns + c);
        if (label < -1 || label > 1)
          refuse(cat(part.name, "_labels contains ", label, "; give 0, 1 or -1 (unknown)"));
        out.labels.push_back(static_cast<int8_t>(label));
      }
    }
    out.draw = [images = part.images, row] { return picture(images, row); };
    return out;
  }

  static cv::Mat picture(const NpzArray& images, size_t row) {
    const auto& shape = images.shape();
    const bool colour = shape.size() == 4;
    const int type = colour ? CV_8UC3 : images.type() == "|u1" ? CV_8UC1 : CV_16UC1;
    const cv::Mat stored(
        static_cast<int>(shape[1]),
        static_cast<int>(shape[2]),
        type,
        const_cast<uint8_t*>(images.values()) + row * shape[1] * shape[2] * CV_ELEM_SIZE(type));
    cv::Mat grey;
    if (colour) {
      cv::cvtColor(stored, grey, cv::COLOR_RGB2GRAY);
    } else {
      stored.copyTo(grey);
    }
    return grey;
  }

  static constexpr size_t kMostClasses = 1000;
  std::string path_;
  std::vector<Part> parts_;
  std::map<int64_t, size_t> class_of_;
};

}  // namespace

bool is_medmnist_file(const std::string& path) {
  return lower(Path(path).extension().string()) == ".npz" && std::filesystem::is_regular_file(path);
}

Manifest read_medmnist(const std::string& path) { return MedMnist(path).read(); }

}  // namespace evenray
