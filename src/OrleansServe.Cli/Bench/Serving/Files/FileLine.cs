using System.Text;
using System.Text.Json;

using OrleansServe.Cli.Client;

namespace OrleansServe.Cli.Bench.Serving.Files;

/// <summary>A line of a file, and where it is. The bytes are valid until the next line is read.</summary>
/// <param name="Path">The file.</param>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Bytes">Its bytes, without the line's end.</param>
internal sealed record FileLine(string Path, int Number, ReadOnlyMemory<byte> Bytes)
{
    private const int MostDepth = 16;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The line as text.</summary>
    /// <exception cref="CommandFailedException">It is not UTF-8.</exception>
    public string Text()
    {
        try
        {
            return Strict.GetString(Bytes.Span);
        }
        catch (DecoderFallbackException exception)
        {
            throw Fault("is not UTF-8", exception);
        }
    }

    /// <summary>The line as a JSON object.</summary>
    /// <exception cref="CommandFailedException">It is none.</exception>
    public JsonDocument Json()
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(Bytes, new JsonDocumentOptions { MaxDepth = MostDepth, AllowDuplicateProperties = false });
        }
        catch (JsonException exception)
        {
            throw Fault($"is not JSON: {exception.Message}", exception);
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            return document;
        }

        JsonValueKind kind = document.RootElement.ValueKind;
        document.Dispose();
        throw Fault($"must be a JSON object, is of kind {kind}");
    }

    /// <summary>An integer field.</summary>
    /// <exception cref="CommandFailedException">It is missing, no integer, or out of range.</exception>
    public long Integer(JsonElement holder, string field, long least, long most) => holder.TryGetProperty(field, out JsonElement value)
        ? Checked(value, field, least, most)
        : throw Fault($"{field} is missing");

    /// <summary>An integer.</summary>
    /// <exception cref="CommandFailedException">It is no integer, or out of range.</exception>
    public long Checked(JsonElement value, string field, long least, long most) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= least && number <= most
            ? number
            : throw Fault($"{field} must be an integer from {least} to {most}, is {Show(value)}");

    /// <summary>What is wrong with the line, where it is.</summary>
    public CommandFailedException Fault(string what, Exception? cause = null) => new($"{Path}:{Number}: {what}", cause);

    /// <summary>A value in a few characters.</summary>
    public static string Show(JsonElement value)
    {
        const int Most = 40;
        string text = value.GetRawText();
        return text.Length <= Most ? text : text[..Most] + "…";
    }
}
