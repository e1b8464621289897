// SPDX-License-Identifier: Apache-2.0
// Detectors, as a user runs them.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "core/text.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/image/image.hpp"
#include "metrics/detection/boxes.hpp"
#include "tests/app/program.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

TEST_CASE("detect metrics scores anybody's boxes") {
  const ScratchFolder scratch;
  const Path at = scratch.path();
  write_text(scratch / "a.json",
             R"({"images":[{"id":1,"patient":"p"},{"id":2,"patient":"q"}],)"
             R"("categories":[{"id":1,"name":"Fractured"}],"annotations":[)"
             R"({"id":1,"image_id":1,"category_id":1,"bbox":[10,10,20,20]}]})");
  write_text(scratch / "d.json",
             R"([{"image_id":1,"category_id":1,"bbox":[11,10,20,20],"score":0.9}])");
  const Words metrics{"detect", "metrics", "--gt=a.json", "--dt=d.json"};
  const Json told =
      done(at, metrics + Words{"--group-by=patient", "--set=detect.bootstrap=0", "--json"}).json();
  CHECK(told["values"]["ap50"].get<double>() == Approx(1));
  CHECK(told["values"]["Fractured.image_auroc"] == 1);
  CHECK(told["ci"].empty());
  CHECK(contains(done(at, metrics).out, "Fractured  1      1       1"));
  fails(at, metrics + Words{"--group-by=age"}, Exit::bad_data, "a.json: image with id 1: ");
  fails(at,
        {"detect", "metrics", "--gt=a.json", "--dt=nothing.json"},
        Exit::missing_input,
        "nothing.json");
}

TEST_CASE("detect eval and predict give the masks of a U-Net, on phantoms") {
  const ScratchFolder scratch;
  const Path at = scratch.path();
  const std::string phantoms = "phantom:images=40,seed=3,size_px=64x64,rare_share=.5";
  done(at, {"data", "split", phantoms, "--out=s.csv", "--ratios=.5,.25,.25"});
  done(at, {"data", "pack", phantoms, "--split=s.csv", "--size=64", "--out=set.h5"});
  done(at,
       {"detect",
        "train",
        "set.h5",
        "--out=run",
        "--arch=unet_small",
        "--size=nano",
        "--threads=1",
        "--precision=fp32",
        "--set=detect.steps=200",
        "--set=detect.minibatch=4",
        "--set=detect.lr=.005"});
  const Json told = done(at, {"detect", "eval", "run", "--data=set.h5", "--json"}).json();
  CHECK(told["iou_type"] == "bbox");
  CHECK(told["masks"]["iou_type"] == "segm");
  const Words metrics{"detect",
                      "metrics",
                      "--gt=run/eval-test/gt.json",
                      "--dt=run/eval-test/detections.json",
                      "--group-by=patient",
                      "--json"};
  CHECK(done(at, metrics + Words{"--iou-type=segm"}).json() == told["masks"]);
  CHECK(done(at, metrics).json()["values"] == told["values"]);
  std::vector<double> scores;
  for (const auto& one : read_json(at / "run" / "eval-test" / "detections.json"))
    scores.push_back(one["score"]);
  const double least = std::nextafter(*std::min_element(scores.begin(), scores.end()), 1);
  done(at,
       {"detect",
        "eval",
        "run",
        "--data=set.h5",
        cat("--least-score=", exact(least)),
        "--out=sure"});
  CHECK(read_json(at / "sure" / "detections.json").size() < scores.size());
  const Json flipped =
      done(at, {"detect", "eval", "run", "--data=set.h5", "--flip", "--out=f", "--json"}).json();
  CHECK_FALSE(flipped.contains("masks"));

  // Images of another size: masks have the pixels of their files.
  done(at, {"data", "export", "set.h5", "--to=png", "--out=png"});
  int files = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(at / "png")) {
    if (file.path().extension() != ".png") continue;
    cv::Mat wide;
    cv::resize(decode_image(file.path()).pixels, wide, {160, 120});
    write_atomic(at / "wide" / cat(files++, ".png"), encode_png(wide));
  }
  const Json found =
      done(at, {"detect", "predict", "run", "wide", "--least-score=0", "--draw=drawn", "--json"})
          .json()["detections"];
  REQUIRE_FALSE(found.empty());
  for (const auto& one : found) {
    const Json runs = one["segmentation"];
    CHECK(runs["size"] == Json{120, 160});
    const PixelBox box = Mask::compressed(120, 160, runs["counts"].get<std::string>()).box();
    CHECK(std::abs(box.x - one["bbox"][0].get<double>()) <= 2);
    CHECK(std::abs(box.y - one["bbox"][1].get<double>()) <= 2);
    CHECK(std::abs(box.width - one["bbox"][2].get<double>()) <= 3);
    CHECK(std::abs(box.height - one["bbox"][3].get<double>()) <= 3);
  }
  // The network sees only the middle 120 of 160 columns.
  const Json cropped =
      done(at, {"detect", "predict", "run", "wide", "--least-score=0", "--fit=crop", "--json"})
          .json()["detections"];
  REQUIRE_FALSE(cropped.empty());
  for (const auto& one : cropped) {
    const double x = one["bbox"][0], width = one["bbox"][2];
    CHECK(x > 19.9);
    CHECK(x + width < 140.1);
  }
  fails(at, {"detect", "predict", "run", "wide", "--fit=wide"}, Exit::usage, "--fit");
}

TEST_CASE("detect train, eval and predict, on phantoms") {
  const ScratchFolder scratch;
  const Path at = scratch.path();
  done(at,
       {"data",
        "split",
        "phantom:images=40,seed=3,size_px=64x64,rare_share=.5",
        "--out=s.csv",
        "--ratios=.5,.25,.25"});
  done(at,
       {"data",
        "pack",
        "phantom:images=40,seed=3,size_px=64x64,rare_share=.5",
        "--split=s.csv",
        "--size=64",
        "--out=set.h5"});
  const Words train{"detect",
                    "train",
                    "set.h5",
                    "--out=run",
                    "--size=nano",
                    "--threads=1",
                    "--precision=fp32",
                    "--set=detect.steps=4",
                    "--set=detect.minibatch=4"};
  CHECK(contains(done(at, train + Words{"--dry-run"}).out, "small 64x64 px on 20 images, 4 steps"));
  CHECK(contains(done(at, train).out, "validation AP50 "));
  fails(at, train, Exit::cannot_create, "run");
  done(at, train + Words{"--resume"});

  const Json told =
      done(at, {"detect", "eval", "run", "--data=set.h5", "--sheet=sheet.png", "--json"}).json();
  CHECK(std::filesystem::file_size(at / "sheet.png") > 1000);
  CHECK(told["images"] == 11);
  const Json again = done(at,
                          {"detect",
                           "metrics",
                           "--gt=run/eval-test/gt.json",
                           "--dt=run/eval-test/detections.json",
                           "--group-by=patient",
                           "--json"})
                         .json();
  CHECK(again == told);
  // What eval writes can be fused.
  done(at,
       {"detect",
        "fuse",
        "run/eval-test/detections.json",
        "--gt=run/eval-test/gt.json",
        "--method=nms",
        "--iou=.5",
        "--out=fused.json"});
  CHECK_FALSE(read_json(at / "fused.json").empty());
  const Json none =
      done(at,
           {"detect", "eval", "run", "--data=set.h5", "--least-score=1", "--out=none", "--json"})
          .json();
  for (const auto& of_class : none["classes"]) CHECK(of_class["found"] == 0);

  done(at, {"data", "export", "set.h5", "--to=png", "--out=png", "--part=test"});
  const Words predict{"detect", "predict", "run", "png", "--least-score=0", "--json"};
  const Json found = done(at, predict + Words{"--draw=drawn", "--out=found.json"}).json();
  CHECK(found["images"].size() == 11);
  CHECK(found["images"][0]["width"] == 64);
  CHECK(found["detections"] == read_json(at / "found.json"));
  CHECK_FALSE(found["detections"].empty());
  CHECK(std::distance(std::filesystem::directory_iterator(at / "drawn"), {}) == 11);

  CHECK_FALSE(done(at, predict + Words{"--with=run"}).json()["detections"].empty());
  CHECK(done(at, {"detect", "eval", "run", "--with=run", "--data=set.h5", "--out=two", "--json"})
            .json()["images"] == 11);
  fails(at, {"detect", "eval", "run", "--with=run", "--data=set.h5"}, Exit::usage, "give --out");

  const Json packed =
      done(at, {"detect", "pack-model", "run", "--data=set.h5", "--out=m.safetensors", "--json"})
          .json();
  CHECK(packed["classes"] == Json{"Non_fractured", "Fractured"});
  REQUIRE(packed["shown_score"].is_number());
  const auto shown = [&](const char* model) {
    return done(at, {"detect", "predict", model, "png", "--json"}).json()["detections"];
  };
  for (const auto& one : shown("m.safetensors")) CHECK(one["score"] >= packed["shown_score"]);
  // That score is not one of fused boxes.
  const Words flip{"detect", "predict", "m.safetensors", "png", "--flip", "--json"};
  CHECK(done(at, flip).json() == done(at, flip + Words{"--least-score=.1"}).json());
  const Json of_packed =
      done(at, {"detect", "predict", "m.safetensors", "png", "--least-score=0", "--json"}).json();
  CHECK(of_packed == found);
  fails(at,
        {"detect", "pack-model", "run", "--data=none.h5", "--out=x"},
        Exit::missing_input,
        "none.h5");

  fails(at, {"detect", "train", "set.h5", "--out=r", "--arch=vgg16_bn"}, Exit::usage, "'vgg16_bn'");
  fails(at, {"detect", "eval", "run", "--data=none.h5"}, Exit::missing_input, "none.h5");
  fails(at, {"classify", "eval", "run", "--data=set.h5"}, Exit::bad_data, "not a classifier");
}
