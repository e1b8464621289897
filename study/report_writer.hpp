// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/json.hpp"
#include "core/page/html.hpp"

namespace evenray {

/// Where the parts of a report go, one after the other: report.html and report.md say the same.
class ReportWriter {
 public:
  virtual ~ReportWriter() = default;
  virtual void section(const std::string& heading) = 0;
  virtual void paragraph(const std::string& text) = 0;
  virtual void list(const std::vector<std::string>& items) = 0;
  virtual void table(const HtmlTable& table) = 0;
  /// Whether charts() shows anything.
  virtual bool draws() const = 0;
  /// Side by side where there is room. Text has only the tables that stand beside them.
  virtual void charts(const std::vector<HtmlFigure>& figures) = 0;
  /// A PNG of the study folder; nothing where it is not there.
  virtual void image(const std::string& relative_path,
                     const std::string& alt,
                     const std::string& caption) = 0;
  virtual void details(const std::string& summary, const std::string& preformatted) = 0;
  virtual std::string text() const = 0;
};

/// The head of a report.
struct ReportHead {
  std::string title, answer, measured_on;
};

/// Images are taken in as long as the page stays light, then named by their path.
class HtmlReport : public ReportWriter {
 public:
  HtmlReport(const ReportHead& head, const Path& folder);
  void section(const std::string& heading) override;
  void paragraph(const std::string& text) override;
  void list(const std::vector<std::string>& items) override;
  void table(const HtmlTable& table) override;
  bool draws() const override { return true; }
  void charts(const std::vector<HtmlFigure>& figures) override;
  void image(const std::string& relative_path,
             const std::string& alt,
             const std::string& caption) override;
  void details(const std::string& summary, const std::string& preformatted) override;
  std::string text() const override;

 private:
  Path folder_;
  HtmlPage page_;
  size_t image_bytes_ = 0;
};

class MarkdownReport : public ReportWriter {
 public:
  MarkdownReport(const ReportHead& head, const Path& folder);
  void section(const std::string& heading) override;
  void paragraph(const std::string& text) override;
  void list(const std::vector<std::string>& items) override;
  void table(const HtmlTable& table) override;
  bool draws() const override { return false; }
  void charts(const std::vector<HtmlFigure>&) override {}
  void image(const std::string& relative_path,
             const std::string& alt,
             const std::string& caption) override;
  void details(const std::string& summary, const std::string& preformatted) override;
  std::string text() const override;

 private:
  Path folder_;
  std::string text_;
};

}  // namespace evenray
