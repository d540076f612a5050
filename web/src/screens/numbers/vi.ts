import type { Translated } from "../../words/language.ts";
import type { en } from "./en.ts";

export const vi: Translated<typeof en> = {
  title: "Đầu số",
  called: "Số khách gọi đến",
  noCalled: "Công ty chưa được cấp số nào",
  noCalledText: "Người quản trị máy chủ cấp số cho các công ty.",
  callerIds: "Số hiển thị khi gọi đi",
  noCallerIds: "Chưa có chiến dịch nào hiển thị số riêng",
  number: "Số điện thoại",
  queue: "Hàng đợi",
  refused: "Không có hàng đợi: khách bị từ chối",
  trunk: "Trung kế",
  anyTrunk: "Bất kỳ",
  given: "Từ ngày",
  campaigns: "Chiến dịch hiển thị",
  ours: "Khách gọi lại gặp được công ty",
  notOurs: "Không phải số của công ty",
  ringBack: "Khi gọi lại",
};
