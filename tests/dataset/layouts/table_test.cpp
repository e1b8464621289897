// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/table.hpp"

#include "tests/dataset/test_folder.hpp"

using namespace evenray;

TEST_CASE("a table of one's own: columns by name, a row an image or a box") {
  TestFolder folder;
  for (const char* name : {"p/1.png", "p/2.png", "p/3.png"}) folder.image(name);
  folder.file("list.csv",
              "who,where,what,l,t,r,b,set,age\n"
              "A,p/1.png,cyst,1,1,3,3,Train,4\nA,p/1.png,break,0,0,2,2,train,4\n"
              "B,p/2.png,cyst,,,,,validation,5\n");
  ReadOptions options;
  options.columns.path = "where";
  options.columns.label = "what";
  options.columns.patient = "who";
  options.columns.split = "set";
  options.columns.box = {"l", "t", "r", "b"};
  const Manifest manifest = read_dataset(folder.text(), options);
  CHECK(manifest.format == "table");
  REQUIRE(ids(manifest) == Names{"1", "2"});
  CHECK(manifest.class_names == Names{"break", "cyst"});
  CHECK(manifest.samples[0].labels == std::vector<int8_t>{1, 1});
  CHECK(manifest.samples[0].boxes.size() == 2);
  CHECK(manifest.samples[0].patient == "A");
  CHECK(manifest.samples[1].part == "val");
  CHECK(manifest.samples[1].boxes.empty());
  CHECK(manifest.samples[0].boxes_known);
  CHECK_FALSE(manifest.samples[1].boxes_known);  // a cyst, but not boxed as the other one
  CHECK(manifest.samples[1].labels == std::vector<int8_t>{0, 1});
  CHECK(manifest.meta_columns == Names{"age"});
  CHECK(kinds(manifest) == Names{"unlisted_file 3"});

  ReadOptions wide;
  wide.columns.path = "file";
  wide.columns.labels = {"cyst", "break"};
  folder.file("list.csv", "file,cyst,break\n1.png,1,0\n2.png,-1,1\n3.png,,0\n");
  const Manifest columns = read_dataset(folder.text(), wide);
  CHECK(columns.class_names == Names{"cyst", "break"});
  CHECK(columns.multi_label);
  CHECK(columns.samples[0].labels == std::vector<int8_t>{1, 0});
  CHECK(columns.samples[1].labels == std::vector<int8_t>{-1, 1});
  CHECK(columns.samples[2].labels == std::vector<int8_t>{-1, 0});
}

TEST_CASE("a table of one's own: what does not fit is said") {
  TestFolder folder;
  folder.image("1.png");
  ReadOptions options;
  options.format = "table";
  CHECK(failure(folder.text(), options).first == 78);
  options.columns.path = "file";
  options.columns.labels = {"cyst"};
  CHECK(failure(folder.text(), options).second.find("no table (.csv)") != std::string::npos);
  const auto fault = [&](const char* text) {
    folder.file("a.csv", text);
    const auto [code, what] = failure(folder.text(), options);
    CHECK(code == 65);
    return what;
  };
  CHECK(fault("name,cyst\n1.png,1\n").find("missing column 'file'") != std::string::npos);
  folder.file("a.csv", "file,cyst\n1.png,2\n");
  const Manifest manifest = read_dataset(folder.text(), options);
  REQUIRE(details(manifest).size() == 1);
  CHECK_THAT(details(manifest)[0], Catch::StartsWith("a.csv:2: cyst is '2'; it must be 1, yes"));
  CHECK(manifest.samples[0].labels == std::vector<int8_t>{-1});
  options.columns.patient = "who";
  CHECK(fault("file,cyst,who\n1.png,1,A\n1.png,1,B\n").find("another patient") !=
        std::string::npos);
  options.columns.patient = "";
  options.columns.split = "set";
  CHECK(fault("file,cyst,set\n1.png,1,holdout\n").find("a.csv:2: the part is 'holdout'") !=
        std::string::npos);
  options.columns.box = {"x"};
  CHECK(failure(folder.text(), options).first == 78);
  options.columns.box = {};
  options.columns.box_form = "sizes";
  CHECK(failure(folder.text(), options).second.find("data.columns.box_form has no effect") !=
        std::string::npos);
  options.columns.box_form = "size";
  CHECK(failure(folder.text(), options).second.find("did you mean 'sizes'") != std::string::npos);
}

TEST_CASE("a box has the class of its label, beside columns of the image's classes") {
  const TestFolder folder;
  for (const char* name : {"1.png", "2.png"}) folder.image(name);
  folder.file("list.csv",
              "file,cyst,break,of_box,l,t,r,b\n"
              "1.png,1,1,cyst,1,1,3,3\n1.png,1,1,break,0,0,2,2\n2.png,-1,0,,,,,\n");
  ReadOptions options;
  options.columns.path = "file";
  options.columns.labels = {"cyst", "break"};
  options.columns.label = "of_box";
  options.columns.box = {"l", "t", "r", "b"};
  const Manifest manifest = read_dataset(folder.text(), options);
  CHECK(kinds(manifest).empty());
  CHECK(manifest.samples[0].labels == std::vector<int8_t>{1, 1});
  REQUIRE(manifest.samples[0].boxes.size() == 2);
  CHECK(manifest.samples[0].boxes[1].label == 1);
  CHECK(manifest.samples[0].boxes_known);
  CHECK(manifest.samples[1].labels == std::vector<int8_t>{-1, 0});
}

TEST_CASE("boxes by width and height, the class from a column of yes and no, as in RSNA's table") {
  const TestFolder folder;
  for (const char* name : {"a.png", "b.png"}) folder.image(name);
  folder.file("labels.csv",
              "patientId,x,y,width,height,Target\n"
              "a,1,0,2,3,1\na,4,1,1,2,1\nb,,,,,0\n");
  ReadOptions options;
  options.columns.path = "patientId";
  options.columns.labels = {"Target"};
  options.columns.box = {"x", "y", "width", "height"};
  const Manifest manifest = read_dataset(folder.text(), options);
  REQUIRE(ids(manifest) == Names{"a", "b"});
  CHECK(manifest.class_names == Names{"Target"});
  REQUIRE(manifest.samples[0].boxes.size() == 2);
  CHECK(manifest.samples[0].boxes[1].x1 == 5);
  CHECK(manifest.samples[0].boxes[1].y1 == 3);
  CHECK(manifest.samples[1].boxes_known);
  CHECK(manifest.samples[1].labels == std::vector<int8_t>{0});
  options.columns.box_form = "edges";
  CHECK(read_dataset(folder.text(), options).samples[0].boxes[0].x1 == 2);
}

TEST_CASE("an image may have several rows, and columns be separated by tabs") {
  const TestFolder folder;
  for (const char* name : {"a.png", "b.png"}) folder.image(name);
  folder.file("list.tsv",
              "\xEF\xBB\xBF"
              "file\tfinding\tset\na.png\tcyst, large\ttrain\na.png\tbreak\ttrain\n"
              "a.png\tbreak\ttrain\nb.png\tbreak\ttest\n");
  ReadOptions options;
  options.columns.path = "file";
  options.columns.label = "finding";
  options.columns.split = "set";
  const Manifest manifest = read_dataset(folder.text(), options);
  CHECK(manifest.class_names == Names{"break", "cyst, large"});
  CHECK(manifest.samples[0].labels == std::vector<int8_t>{1, 1});
  CHECK(manifest.samples[1].labels == std::vector<int8_t>{1, 0});
  CHECK(manifest.samples[0].part == "train");

  std::filesystem::remove(folder / "list.tsv");
  folder.file("list.csv", "file,cyst\na.png,1\na.png,0\nb.png,1\nb.png,1\n");
  options.columns = {};
  options.columns.path = "file";
  options.columns.labels = {"cyst"};
  const Manifest torn = read_dataset(folder.text(), options);
  CHECK(details(torn, "label_conflict") == Names{"list.csv:3: cyst is '0', unlike in list.csv:2"});
  CHECK(torn.samples[0].labels == std::vector<int8_t>{-1});
  CHECK(torn.samples[1].labels == std::vector<int8_t>{1});
}

TEST_CASE("words of yes and no are labels") {
  TestFolder folder;
  for (const char* name : {"0.png", "1.png", "2.png"}) folder.image(name);
  folder.file("t.csv", "image,Fracture,Effusion\n0.png,YES,False\n1.png,n,+\n2.png,,-\n");
  ReadOptions options;
  options.columns.path = "image";
  options.columns.labels = {"Fracture", "Effusion"};
  const Manifest manifest = read_dataset(folder.text(), options);
  CHECK(manifest.samples[0].labels == std::vector<int8_t>{1, 0});
  CHECK(manifest.samples[1].labels == std::vector<int8_t>{0, 1});
  CHECK(manifest.samples[2].labels == std::vector<int8_t>{-1, 0});
}

TEST_CASE("data.columns that no source uses is refused") {
  TestFolder folder;
  for (const char* name : {"a/0.png", "b/1.png"}) folder.image(name);
  ReadOptions options;
  options.columns.table = "none.csv";
  CHECK(
      failure(folder.text(), options) ==
      std::pair{78,
                std::string("data.columns.path is not set, so the other keys of data.columns have "
                            "no effect")});
  options.columns.path = "path";
  options.columns.label = "label";
  CHECK(failure(folder.text(), options) ==
        std::pair{66, "data.columns: no table none.csv in " + folder.text()});
  options.format = "folder";
  CHECK(failure(folder.text(), options).first == 78);
}
