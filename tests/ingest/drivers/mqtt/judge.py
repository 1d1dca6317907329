"""The schema of Sparkplug B for google.protobuf, as far as the tests use it."""

from typing import Any

from google.protobuf import (  # type: ignore[import-untyped]
    descriptor_pb2,
    descriptor_pool,
    message_factory,
)


def _judge() -> Any:
    """The schema of the specification (6.4), as far as it is used here."""
    file = descriptor_pb2.FileDescriptorProto(name="sparkplug_judge.proto", package="judge")
    kinds = {
        "u32": 13, "u64": 4, "bool": 8, "float": 2, "double": 1, "string": 9, "bytes": 12,
    }  # fmt: skip
    messages: dict[str, list[tuple[str, int, str, bool]]] = {
        "PropertyValue": [
            ("type", 1, "u32", False), ("is_null", 2, "bool", False),
            ("int_value", 3, "u32", False), ("string_value", 8, "string", False),
        ],
        "PropertySet": [("keys", 1, "string", True), ("values", 2, "PropertyValue", True)],
        "DataSet": [("num_of_columns", 1, "u64", False), ("columns", 2, "string", True)],
        "Metric": [
            ("name", 1, "string", False), ("alias", 2, "u64", False),
            ("timestamp", 3, "u64", False), ("datatype", 4, "u32", False),
            ("is_historical", 5, "bool", False), ("is_transient", 6, "bool", False),
            ("is_null", 7, "bool", False), ("properties", 9, "PropertySet", False),
            ("int_value", 10, "u32", False), ("long_value", 11, "u64", False),
            ("float_value", 12, "float", False), ("double_value", 13, "double", False),
            ("boolean_value", 14, "bool", False), ("string_value", 15, "string", False),
            ("bytes_value", 16, "bytes", False), ("dataset_value", 17, "DataSet", False),
        ],
        "Payload": [
            ("timestamp", 1, "u64", False), ("metrics", 2, "Metric", True),
            ("seq", 3, "u64", False), ("uuid", 4, "string", False), ("body", 5, "bytes", False),
        ],
    }  # fmt: skip
    for name, fields in messages.items():
        made = file.message_type.add(name=name)
        for field_name, number, kind, many in fields:
            field = made.field.add(name=field_name, number=number, label=3 if many else 1)
            if kind in kinds:
                field.type = kinds[kind]
            else:
                field.type, field.type_name = 11, f".judge.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("judge.Payload"))


JUDGE = _judge()
