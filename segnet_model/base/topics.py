"""Names of topics, by the rules of image_transport."""

from __future__ import annotations


def info_topic(images: str) -> str:
    """The CameraInfo topic beside images of any transport: "/front/camera_info" of "/front/image".

    A relative name stays relative.
    """
    place, slash, _ = images.removesuffix("/compressed").removesuffix("/ffmpeg").rpartition("/")
    return f"{place}{slash}camera_info"
