import type { Translated } from "../words/language.ts";
import type { en } from "./en.ts";

export const vi: Translated<typeof en> = {
  loading: "Đang tải…",
  failed: "Không hiển thị được",
  unreachable: "Không kết nối được máy chủ. Hệ thống đang tự thử lại.",
  request: (id) => `Mã yêu cầu ${id}`,
  again: "Thử lại",
  nothing: "Chưa có dữ liệu",
  noMatch: "Không có kết quả phù hợp",
  search: "Tìm kiếm",
  clear: "Xóa",
  close: "Đóng",
  cancel: "Hủy",
  older: "Trang sau",
  newer: "Trang đầu",
  records: (count) => `${count} bản ghi`,
  ascending: "sắp xếp tăng dần",
  descending: "sắp xếp giảm dần",
  acts: "Thao tác",
  age: (time) => `Dữ liệu cũ ${time}`,
  noData: "Chưa có dữ liệu",
  current: "Trực tiếp",
  copy: "Sao chép",
  copied: "Đã sao chép",
  open: "Mở",
  once: "Thông tin này chỉ hiện một lần. Hãy lưu ở nơi an toàn.",
};
