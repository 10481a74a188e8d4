using System.Text;
using System.Text.Json;

namespace OrleansServe.Cli.Rendering;

/// <summary>Turns each line into a JSON object of the form that the log has, so that a stream with both can be read by a program.</summary>
internal sealed class JsonLineWriter(TextWriter output, TimeProvider time) : TextWriter
{
    private const string Category = "OrleansServe.Cli";
    private readonly Lock _lock = new();
    private readonly StringBuilder _line = new();

    /// <inheritdoc/>
    public override Encoding Encoding => output.Encoding;

    /// <inheritdoc/>
    public override void Write(char value)
    {
        lock (_lock)
        {
            if (value != '\n')
            {
                _line.Append(value);
                return;
            }

            output.WriteLine(JsonSerializer.Serialize(new Entry(time.GetUtcNow().UtcDateTime, "Information", Category, _line.ToString().TrimEnd('\r'))));
            _line.Clear();
        }
    }

    /// <inheritdoc/>
    public override void Flush() => output.Flush();

    private sealed record Entry(DateTime Timestamp, string LogLevel, string Category, string Message);
}
