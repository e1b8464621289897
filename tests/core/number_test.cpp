// SPDX-License-Identifier: Apache-2.0
#include "core/number.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using namespace evenray;

TEST_CASE("numbers keep three digits that count, without a zero before the point") {
  CHECK(number_text(.8337142) == ".834");
  CHECK(number_text(-.0043) == "−.0043");
  CHECK(number_text(1.5) == "1.5");
  CHECK(number_text(.9996) == "1");
  CHECK(number_text(0) == "0");
  CHECK(number_text(-0.) == "0");
  CHECK(number_text(37) == "37");
  CHECK(number_text(12346) == "12\u202f346");
  CHECK(number_text(1.234e-7) == "1.23e−7");
  CHECK(number_text(9.999e-6) == "1e−5");
  CHECK(number_text(-2e20) == "−2e20");
  CHECK(number_text(NAN) == "–");
  CHECK(number_text(INFINITY) == "–");
  CHECK(number_text(std::numeric_limits<double>::max()) == "1.8e308");
  CHECK(number_text(std::numeric_limits<double>::denorm_min()) == "4.94e−324");
}

TEST_CASE("decimals keep their places, and a rounded zero has no sign") {
  CHECK(decimal_text(.8, 3) == ".800");
  CHECK(decimal_text(1, 3) == "1.000");
  CHECK(decimal_text(-.04, 3) == "−.040");
  CHECK(decimal_text(.011, 3, true) == "+.011");
  CHECK(decimal_text(-.0001, 3, true) == ".000");
  CHECK(decimal_text(12345.6, 1) == "12\u202f345.6");
  CHECK(decimal_text(250, 0) == "250");
  CHECK(decimal_text(NAN, 3) == "–");
}

TEST_CASE("counts have thin spaces between thousands") {
  CHECK(count_text(0) == "0");
  CHECK(count_text(999) == "999");
  CHECK(count_text(4083) == "4\u202f083");
  CHECK(count_text(-1234567) == "−1\u202f234\u202f567");
}

TEST_CASE("prose gets minus signs where a number is negative and nowhere else") {
  CHECK(typeset("-.004 AUROC, interval -.019 to +.011 (-2)") ==
        "−.004 AUROC, interval −.019 to +.011 (−2)");
  CHECK(typeset("X-ray, 2020-11, gan-both, --seed, - and .") ==
        "X-ray, 2020-11, gan-both, --seed, - and .");
  CHECK(typeset("95 % of 10 images") == "95\u202f% of 10 images");
  CHECK(typeset("") == "");
  CHECK(typeset("-") == "-");
}
