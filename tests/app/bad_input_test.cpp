// SPDX-License-Identifier: Apache-2.0
// Bad data, missing input, places that cannot be written: one clear line, its exit code, and
// nothing half-written.
#include <sys/mount.h>

#include "tests/app/workshop.hpp"

using namespace evenray;

namespace {

/// A small file system of its own; false where this user may not mount one.
class SmallDisk {
 public:
  explicit SmallDisk(const Path& at) : at_(at) {
    make_folder(at);
    mounted_ = ::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=256k") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  explicit operator bool() const { return mounted_; }
  void fill() const { write_text(at_ / "filling", std::string(free_bytes(at_), 'x')); }

 private:
  Path at_;
  bool mounted_ = false;
};

}  // namespace

TEST_CASE("collections that hold nothing to read") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  make_folder(scratch / "empty");
  for (const char* name : {"sick/a.png", "sick/b.png", "well/c.png"})
    write_text(scratch / "junk" / name, "no picture");
  for (const char* verb : {"inspect", "audit"}) {
    CAPTURE(verb);
    fails(at, {"data", verb, "empty"}, Exit::bad_data, "empty: the folder is empty");
    fails(at, {"data", verb, "junk"}, Exit::bad_data, "no readable image among 3");
    fails(at, {"data", verb, "nowhere"}, Exit::missing_input, "nowhere");
  }
  fails(at, {"data", "split", "junk", "--out=s.csv"}, Exit::bad_data, "no readable image");
  fails(at, {"data", "split", "empty", "--out=s.csv"}, Exit::bad_data, "the folder is empty");
  fails(at, {"data", "view", "empty", "--out=v.png"}, Exit::bad_data, "the folder is empty");
  write_text(scratch / "study.toml", "[data]\npath = \"junk\"\n");
  fails(at, {"study", "run", "study.toml", "--out=study"}, Exit::bad_data, "no readable image");
  fails(at,
        {"study", "run", "study.toml", "--data=nowhere", "--out=study"},
        Exit::missing_input,
        "nowhere");
  write_text(scratch / "none.toml", "seed = 1\n");
  fails(at, {"study", "run", "none.toml", "--out=study"}, Exit::usage, "give --data PATH");
  CHECK(files_in(at) == Words{"junk/sick/a.png",
                              "junk/sick/b.png",
                              "junk/well/c.png",
                              "none.toml",
                              "study.toml",
                              "study/config.toml",
                              "study/log.txt"});
}

TEST_CASE("a table that lacks a column, or names an image twice") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  write_fracatlas(scratch / "set");
  const Path table = scratch / "set" / "dataset.csv";
  const std::string whole = read_file(table);
  done(at, {"data", "inspect", "set"});
  write_text(table, whole + "IMG0000008.jpg,0,0,0,0,1\n");
  for (const char* verb : {"inspect", "audit"})
    fails(at, {"data", verb, "set"}, Exit::bad_data, "IMG0000008");
  std::string lacking = whole;
  lacking.replace(lacking.find("fractured,"), 9, "broken");
  write_text(table, lacking);
  fails(at, {"data", "audit", "set", "--format=fracatlas"}, Exit::bad_data, "fractured");

  fails(at, {"classify", "metrics", "set/dataset.csv"}, Exit::bad_data, "missing column 'id'");
  write_text(scratch / "p.csv", "id,group,y_A,p_A\n1,,1,.5\n1,,0,.5\n");
  fails(at, {"classify", "metrics", "p.csv"}, Exit::bad_data, "1");
  write_text(scratch / "split.csv", "path,part\na,train\n");
  fails(at,
        {"data", "pack", "set", "--split=split.csv", "--out=x.h5"},
        Exit::bad_data,
        "the columns id and split");
  write_text(scratch / "split.csv", "id,path,group,split\na,a,a,train\na,a,a,val\n");
  fails(at, {"data", "pack", "set", "--split=split.csv", "--out=x.h5"}, Exit::bad_data, "'a'");
  CHECK_FALSE(std::filesystem::exists(scratch / "x.h5"));
}

TEST_CASE("a box outside its image: a finding, and no store unless it is clipped") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  write_fracatlas(scratch / "set", 70);
  const Json found = done(at, {"data", "audit", "set", "--json"}).json();
  CHECK(found["counts"]["box_outside"] == 10);
  done(at, {"data", "split", "set", "--out=s.csv"});
  const Words pack{"data", "pack", "set", "--split=s.csv", "--size=40", "--out=set.h5"};
  fails(at, pack, Exit::bad_data, "--keep box_outside");
  CHECK_FALSE(std::filesystem::exists(scratch / "set.h5"));
  done(at, pack + Words{"--keep", "box_outside"});
  CHECK(contains(done(at, {"data", "check", "set.h5"}).out, "whole"));
}

TEST_CASE("annotations that are not valid: findings, and no store unless they are dropped") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  write_fracatlas(scratch / "set", 70);
  const Path boxes = scratch / "set/Annotations/COCO JSON/boxes.json";
  Json coco = read_json(boxes);
  for (Json& annotation : coco["annotations"]) annotation["bbox"] = {1, 1, 2, 2};
  coco["annotations"].push_back({{"id", 900}, {"image_id", 999}, {"category_id", 0}});
  write_json(boxes, coco);
  const Json found = done(at, {"data", "audit", "set", "--json"}).json();
  CHECK(found["counts"]["annotation_invalid"] == 1);
  CHECK(contains(done(at, {"data", "audit", "set"}).out,
                 "annotation_invalid: boxes.json: annotation 900: its image 999 is not listed"));
  warned(at, {"data", "split", "set", "--out=s.csv"}, "1 annotation is not valid");
  const Words pack{"data", "pack", "set", "--split=s.csv", "--size=40", "--out=set.h5"};
  fails(at, pack, Exit::bad_data, "1 annotation is not valid (boxes.json: annotation 900");
  CHECK_FALSE(std::filesystem::exists(scratch / "set.h5"));
  done(at, pack + Words{"--keep", "annotation_invalid"});
}

TEST_CASE("a setting that applies to nothing is refused by each command") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  write_fracatlas(scratch / "set", 70);
  for (const char* command : {"inspect", "audit"})
    fails(at, {"data", command, "set", "--key=k"}, Exit::config, "data.key (--key) applies to");
  fails(at,
        {"data", "inspect", "set", "--set=data.readers=keep"},
        Exit::config,
        "data.readers applies to");
  std::string deep = "a";
  for (int i = 0; i < 50'000; ++i) deep += ".a";
  write_text(scratch / "deep.toml", deep + " = 1\n");
  fails(at, {"config", "--config=deep.toml"}, Exit::config, "a key has more than 64 parts");
}

TEST_CASE("too few groups to divide") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  fails(at,
        {"data", "split", "phantom:images=4", "--folds=10", "--out=s.csv"},
        Exit::bad_data,
        "groups");
  fails(at, {"data", "split", "phantom:images=2", "--out=s.csv"}, Exit::bad_data, "groups");
  CHECK(files_in(at).empty());
}

TEST_CASE("a class that the store lacks") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  for (const Words& words :
       {Words{"gan", "train", set, "--class=Broken", "--out=g"},
        Words{"data", "view", set, "--class=Broken", "--out=v.png"},
        Words{"data", "view", kPhantoms, "--class=Broken", "--out=v.png"},
        Words{"gan", "sample", workshop() / "gan", "--class=Broken", "--out=s"},
        Words{"balance", set, "--strategy=Broken=99", "--out=b.h5"},
        Words{"demo", "--quick", "--set=study.rare_class=Broken", "--out=d"}})
    fails(at, words, Exit::bad_data, "Broken");
  // What was refused at once does not stand in the way.
  done(at, Words{"gan", "train", set, "--class=Fractured", "--out=g"} + kTinyGan);
}

TEST_CASE("classes that are too small, or alone") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  fails(at,
        {"gan", "train", set, "--class=Fractured", "--out=g"},
        Exit::bad_data,
        "with fewer than 50");
  done(at, {"gan", "sample", workshop() / "gan", "--n=20", "--out=one.h5"});
  fails(at,
        Words{"classify", "train", "one.h5", "--out=c"} + kTinyClassifier,
        Exit::bad_data,
        "one class only");
  fails(at,
        {"classify", "eval", workshop() / "model", "--data=one.h5", "--out=e"},
        Exit::bad_data,
        "classes");
}

TEST_CASE("stores that are none, or damaged") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), model = workshop() / "model";
  write_text(scratch / "text.h5", "hello");
  std::filesystem::copy(workshop() / "set.h5", scratch / "short.h5");
  std::filesystem::resize_file(scratch / "short.h5",
                               std::filesystem::file_size(scratch / "short.h5") / 2);
  std::filesystem::copy(workshop() / "set.h5", scratch / "flipped.h5");
  flip_bit(scratch / "flipped.h5");
  for (const char* file : {"text.h5", "short.h5"}) {
    for (const Words& words : {Words{"data", "check", file},
                               Words{"data", "view", file, "--out=v.png"},
                               Words{"data", "export", file, "--to=coco", "--out=e"},
                               Words{"gan", "train", file, "--out=g"},
                               Words{"classify", "train", file, "--out=c"},
                               Words{"classify", "eval", model, "--data", file, "--out=e"},
                               Words{"balance", file, "--out=b.h5"}})
      fails(at, words, Exit::bad_data, file);
  }
  fails(at, {"data", "check", "flipped.h5"}, Exit::bad_data, "flipped.h5: ");
  fails(at, {"data", "check", "none.h5"}, Exit::missing_input, "none.h5");
  CHECK(files_in(at) == Words{"flipped.h5", "short.h5", "text.h5"});
}

TEST_CASE("checkpoints that are damaged, or of another kind") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  const auto copy = [&](const char* from, const char* to) {
    std::filesystem::copy(
        workshop() / from, scratch / to, std::filesystem::copy_options::recursive);
    return scratch / to / "checkpoints" / "best.safetensors";
  };
  std::filesystem::resize_file(copy("gan", "short"), 90000);
  flip_bit(copy("gan", "flipped"));
  std::filesystem::resize_file(copy("model", "short-model"), 90000);
  flip_bit(copy("model", "flipped-model"));
  const Words before = files_in(at);
  for (const char* model : {"short", "flipped"}) {
    fails(at, {"gan", "sample", model, "--out=s"}, Exit::bad_data, "best.safetensors");
    fails(at, {"gan", "eval", model, "--real", set}, Exit::bad_data, "best.safetensors");
    fails(at,
          {"balance", set, cat("--source=gan:", model), "--out=b.h5"},
          Exit::bad_data,
          "best.safetensors");
  }
  write_atomic(scratch / "one.png", encode_png(drawn_picture(1)));
  for (const char* model : {"short-model", "flipped-model"}) {
    fails(at,
          {"classify", "eval", model, "--data", set, "--out=e"},
          Exit::bad_data,
          "best.safetensors");
    fails(at, {"classify", "predict", model, "one.png"}, Exit::bad_data, "best.safetensors");
  }
  fails(
      at, {"gan", "sample", workshop() / "model", "--out=s"}, Exit::bad_data, "is not a generator");
  fails(at,
        {"classify", "predict", workshop() / "gan", "one.png"},
        Exit::bad_data,
        "is not a classifier");
  fails(at, {"gan", "sample", "nothing", "--out=s"}, Exit::missing_input, "nothing");
  std::filesystem::remove(scratch / "one.png");
  CHECK(files_in(at) == before);
}

TEST_CASE("sizes that do not fit one another") {
  const ScratchFolder scratch;
  const Path at = scratch.path();
  done(at,
       {"data",
        "pack",
        kPhantoms,
        "--split",
        workshop() / "split.csv",
        "--size=32",
        "--out=other.h5"});
  fails(at,
        {"classify", "eval", workshop() / "model", "--data=other.h5", "--out=e"},
        Exit::bad_data,
        "32x32 px");
  const std::string gan = cat("--source=gan:", (workshop() / "gan").string());
  for (const Words& words : {Words{}, Words{"--dry-run"}})
    fails(at,
          Words{"balance", "other.h5", gan, "--out=b.h5"} + words,
          Exit::bad_data,
          "--allow-resize");
  CHECK(files_in(at) == Words{"other.datasheet.md", "other.h5"});
}

TEST_CASE("pictures that cannot be read") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  write_text(scratch / "text.png", "no picture");
  const std::string png = encode_png(drawn_picture(1));
  write_text(scratch / "short.png", png.substr(0, png.size() / 2));
  for (const char* file : {"text.png", "short.png"}) {
    fails(at, {"classify", "predict", workshop() / "model", file}, Exit::bad_data, file);
    fails(at, {"augment", "apply", file, "--ops=Posterize:4", "--out=o.png"}, Exit::bad_data, file);
  }
  fails(at,
        {"augment", "apply", "none.png", "--ops=Posterize:4", "--out=o.png"},
        Exit::missing_input,
        "none.png");
  CHECK_FALSE(std::filesystem::exists(scratch / "o.png"));
}

TEST_CASE("places where nothing can be written") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  write_text(scratch / "file", "in the way");
  write_atomic(scratch / "one.png", encode_png(drawn_picture(1)));
  for (const Words& words :
       {Words{"data", "split", kPhantoms, "--out=file/s.csv"},
        Words{"data", "pack", kPhantoms, "--split", workshop() / "split.csv", "--out=file/s.h5"},
        Words{"data", "view", set, "--out=file/v.png"},
        Words{"data", "inspect", kPhantoms, "--html=file/i.html"},
        Words{"gan", "train", set, "--out=file/g"},
        Words{"gan", "sample", workshop() / "gan", "--n=2", "--out=file/s"},
        Words{"gan", "sample", workshop() / "gan", "--n=2", "--out=file/s.h5"},
        Words{"augment", "apply", "one.png", "--ops=Posterize:4", "--out=file/o.png"},
        Words{"balance", set, "--out=file/b.h5"},
        Words{"balance", set, "--out=file/b.h5", "--dry-run"},
        Words{"data", "export", set, "--to=csv", "--out=file/e"},
        Words{"classify", "train", set, "--out=file/c"},
        Words{"classify", "eval", workshop() / "model", "--data", set, "--out=file/e"},
        Words{"demo", "--quick", "--out=file/d"}})
    fails(at, words, Exit::cannot_create, "file");
  CHECK(files_in(at) == Words{"file", "one.png"});
  CHECK(read_file(scratch / "file") == "in the way");
}

TEST_CASE("a full disk") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  const SmallDisk disk(scratch / "disk");
  if (!disk) {
    WARN("skipped: mounting a small file system needs root");
    return;
  }
  const Words pack{"data", "pack", kPhantoms, "--split", workshop() / "split.csv"};
  fails(at, pack + Words{"--size=160x128", "--out=disk/set.h5"}, Exit::io, "are free");
  fails(at,
        Words{"gan", "train", set, "--class=Fractured", "--out=disk/g"} + kTinyGan,
        Exit::io,
        "No space left");
  // What was whole before stays, nothing is left of what was not.
  for (const auto& name : files_in(scratch / "disk")) CHECK_FALSE(contains(name, ".evenray-tmp-"));
  std::filesystem::remove_all(scratch / "disk" / "g");
  disk.fill();
  const Words before = files_in(scratch / "disk");
  for (const Words& words :
       {Words{"data", "split", kPhantoms, "--out=disk/s.csv"},
        Words{"data", "view", set, "--out=disk/v.png"},
        Words{"data", "audit", kPhantoms, "--html=disk/a.html"},
        Words{"gan", "sample", workshop() / "gan", "--n=40", "--out=disk/s.h5"},
        Words{"data", "export", set, "--to=coco", "--out=disk/deep/e"},
        Words{"balance", set, "--out=disk/b.h5"},
        Words{"balance", set, "--out=disk/b.h5", "--dry-run"},
        Words{"classify", "eval", workshop() / "model", "--data", set, "--out=disk"}})
    fails(at, words, Exit::io, "disk/");
  CHECK(files_in(scratch / "disk") == before);
}

TEST_CASE("a training that filled the disk goes on from its last checkpoint") {
  const ScratchFolder scratch;
  const Path at = scratch.path(), set = workshop() / "set.h5";
  const SmallDisk disk(scratch / "disk");
  if (!disk) {
    WARN("skipped: mounting a small file system needs root");
    return;
  }
  Words training = Words{"gan", "train", set, "--class=Fractured"} + kTinyGan;
  for (const char* set : {"gan.dcgan.ngf=1",
                          "gan.dcgan.ndf=1",
                          "gan.latent=4",
                          "checkpoint_every_s=0",
                          "keep_checkpoints=99"})
    training.push_back(cat("--set=", set));
  fails(at, training + Words{"--out=disk/g"}, Exit::io, "No space left");
  const Words left = files_in(scratch / "disk/g/checkpoints");
  REQUIRE(left.size() >= 2);
  for (const auto& name : left) CHECK(name.ends_with(".safetensors"));
  std::filesystem::copy(
      scratch / "disk/g", scratch / "g", std::filesystem::copy_options::recursive);
  done(at, training + Words{"--out=g", "--resume"});
  done(at, training + Words{"--out=straight"});
  CHECK(files_in(scratch / "g/checkpoints") == files_in(scratch / "straight/checkpoints"));
  for (const auto& name : files_in(scratch / "g/checkpoints"))
    CHECK(read_file(scratch / "g/checkpoints" / name) ==
          read_file(scratch / "straight/checkpoints" / name));
}

TEST_CASE("a stdout that cannot be written") {
  if (!std::filesystem::exists("/dev/full")) return;
  const ScratchFolder scratch;
  for (const Words& words : {Words{"config"},
                             Words{"man"},
                             Words{"--help"},
                             Words{"augment", "policies", "--json"},
                             Words{"data", "check", workshop() / "set.h5"}}) {
    const Ran ran = Program(scratch.path(), words, "/dev/full").wait();
    CAPTURE(words, ran.err);
    CHECK(ran.code == static_cast<int>(Exit::io));
    CHECK(ran.err == "evenray: cannot write to stdout\n");
  }
}
