using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace RaftActors.TestKit.Linearizability;

/// <summary>One operation as one line of JSON.</summary>
internal static class HistoryJson
{
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a line.</summary>
    public static HistoryOperation Parse(string text, int line)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text);
        }
        catch (JsonException e)
        {
            throw new HistoryException($"Line {line}: not JSON: {e.Message}", line, e);
        }

        using (document)
        {
            return Read(document.RootElement, line);
        }
    }

    /// <summary>Writes a line, without its end.</summary>
    public static string Format(HistoryOperation operation)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes, Writing))
        {
            json.WriteStartObject();
            json.WriteString("client", operation.Client);
            json.WriteString("op", operation.Name);
            WriteUnlessNull(json, "key", operation.Key);
            WriteUnlessNull(json, "value", operation.Value);
            WriteUnlessNull(json, "expected", operation.Expected);
            json.WriteNumber("call_ns", operation.CallNs);
            if (operation.ReturnNs is { } returned)
            {
                json.WriteNumber("return_ns", returned);
            }
            else
            {
                json.WriteNull("return_ns");
            }

            json.WriteString("outcome", operation.Outcome switch
            {
                OperationOutcome.Completed => "completed",
                OperationOutcome.Failed => "failed",
                _ => "unknown",
            });
            json.WritePropertyName("result");
            WriteValue(json, operation.Result);
            if (operation.Note is { } note)
            {
                json.WriteString("note", note);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    private static HistoryOperation Read(JsonElement root, int line)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw Wrong(line, $"an object is expected, not {root.ValueKind}");
        }

        string? client = null, name = null, note = null;
        HistoryValue key = default, value = default, expected = default, result = default;
        long? call = null, returned = null;
        OperationOutcome? outcome = null;
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (JsonProperty property in root.EnumerateObject())
        {
            if (!seen.Add(property.Name))
            {
                throw Wrong(line, $"'{property.Name}' stands twice");
            }

            JsonElement element = property.Value;
            switch (property.Name)
            {
                case "client":
                    client = Scalar(element, "client", line) ?? throw Wrong(line, "'client' is null");
                    break;
                case "op":
                    name = element.ValueKind == JsonValueKind.String ? element.GetString() : throw Wrong(line, $"'op' must be a text, not {element.ValueKind}");
                    break;
                case "key":
                    key = Value(element, "key", line);
                    break;
                case "value":
                    value = Value(element, "value", line);
                    break;
                case "expected":
                    expected = Value(element, "expected", line);
                    break;
                case "result":
                    result = Value(element, "result", line);
                    break;
                case "call_ns":
                    call = Time(element, "call_ns", line) ?? throw Wrong(line, "'call_ns' is null");
                    break;
                case "return_ns":
                    returned = Time(element, "return_ns", line);
                    break;
                case "outcome":
                    outcome = element.ValueKind != JsonValueKind.String ? throw Wrong(line, "'outcome' must be a text") : element.GetString() switch
                    {
                        "completed" => OperationOutcome.Completed,
                        "failed" => OperationOutcome.Failed,
                        "unknown" => OperationOutcome.Unknown,
                        var other => throw Wrong(line, $"outcome '{other}' is not one of completed, failed, unknown"),
                    };
                    break;
                case "note":
                    note = Scalar(element, "note", line);
                    break;
                default:
                    throw Wrong(line, $"'{property.Name}' is not known; a line holds client, op, key, value, expected, call_ns, return_ns, outcome, result, note");
            }
        }

        HistoryOperation operation = new()
        {
            Client = client ?? throw Wrong(line, "'client' is missing"),
            Name = name ?? throw Wrong(line, "'op' is missing"),
            Key = key,
            Value = value,
            Expected = expected,
            CallNs = call ?? throw Wrong(line, "'call_ns' is missing"),
            ReturnNs = returned,
            Outcome = outcome ?? (returned is null ? OperationOutcome.Unknown : OperationOutcome.Completed),
            Result = result,
            Note = note,
        };
        return operation.Contradiction() is { } contradiction ? throw Wrong(line, contradiction) : operation;
    }

    private static HistoryValue Value(JsonElement element, string name, int line) =>
        element.ValueKind == JsonValueKind.Array
            ? new HistoryValue(element.EnumerateArray().Select(e => Scalar(e, name, line)).ToArray())
            : new HistoryValue(Scalar(element, name, line));

    private static string? Scalar(JsonElement element, string name, int line) => element.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => element.GetString(),
        JsonValueKind.True => "1",
        JsonValueKind.False => "0",
        JsonValueKind.Number when element.TryGetInt64(out long number) => number.ToString(CultureInfo.InvariantCulture),
        JsonValueKind.Number => throw Wrong(line, $"'{name}' is {element.GetRawText()}; numbers must be whole and fit 64 bits, write anything else as a text"),
        _ => throw Wrong(line, $"'{name}' must be a text, a whole number, a truth value, null or a flat array of those, not {element.ValueKind}"),
    };

    private static long? Time(JsonElement element, string name, int line) => element.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Number when element.TryGetInt64(out long time) => time,
        _ => throw Wrong(line, $"'{name}' must be a whole number of nanoseconds, not {element.GetRawText()}"),
    };

    private static void WriteUnlessNull(Utf8JsonWriter json, string name, HistoryValue value)
    {
        if (!value.IsNull)
        {
            json.WritePropertyName(name);
            WriteValue(json, value);
        }
    }

    private static void WriteValue(Utf8JsonWriter json, HistoryValue value)
    {
        if (!value.IsList)
        {
            json.WriteStringValue(value.Text);
            return;
        }

        json.WriteStartArray();
        foreach (string? item in value.Items)
        {
            json.WriteStringValue(item);
        }

        json.WriteEndArray();
    }

    private static HistoryException Wrong(int line, string what) => new($"Line {line}: {what}.", line);
}
