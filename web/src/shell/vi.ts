import type { Translated } from "../words/language.ts";
import type { en } from "./en.ts";

export const vi: Translated<typeof en> = {
  skip: "Đến nội dung chính",
  navigation: "Menu chính",
  groups: { work: "Công việc của tôi", watch: "Giám sát", dial: "Gọi ra", report: "Báo cáo", settings: "Cài đặt" },
  roles: { owner: "Chủ sở hữu", supervisor: "Giám sát viên", agent: "Tổng đài viên", viewer: "Người xem" },
  language: "Ngôn ngữ",
  theme: "Giao diện",
  themes: { system: "Theo hệ thống", light: "Sáng", dark: "Tối" },
  signOut: "Đăng xuất",
  shortcuts: "Phím tắt",
  showShortcuts: "Xem các phím tắt",
  noShortcuts: "Màn hình này không có phím tắt nào khác.",
  close: "Đóng",
  goTo: "Đi tới",
  goToHint: "Màn hình, chiến dịch, hàng đợi, tổng đài viên hoặc số điện thoại",
  places: { screen: "Màn hình", campaign: "Chiến dịch", queue: "Hàng đợi", agent: "Tổng đài viên", calls: "Cuộc gọi" },
  nowhere: "Không có mục nào mang tên này.",
  notFound: "Không có trang này",
  home: "Về trang đầu",
  failed: "Trang này bị lỗi",
  upgraded: "Tongdai đã lên phiên bản mới. Trang này vẫn là bản cũ.",
  reload: "Tải lại",
};
