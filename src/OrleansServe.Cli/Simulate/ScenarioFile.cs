using OrleansServe.Cli.Bench.Serving.Files;
using OrleansServe.Cli.Client;
using OrleansServe.Simulation.Scenarios;

namespace OrleansServe.Cli.Simulate;

/// <summary>Reads a scenario from a file.</summary>
internal static class ScenarioFile
{
    /// <summary>Reads it, and the trace that it names beside itself.</summary>
    /// <exception cref="CommandFailedException">It cannot be read, or something is wrong with it; the message names the file and every fault.</exception>
    public static Scenario Read(string path)
    {
        byte[] bytes;
        try
        {
            using FileStream file = File.OpenRead(path);
            bytes = new byte[ScenarioReader.MostBytes + 1];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            bytes = bytes[..length];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CommandFailedException($"{path}: {exception.Message}", exception);
        }

        if (bytes.Length > ScenarioReader.MostBytes)
        {
            throw new CommandFailedException($"{path}: a scenario has at most {ScenarioReader.MostBytes} bytes, this one has more");
        }

        try
        {
            Scenario scenario = ScenarioReader.Read(bytes);
            return scenario.Settings.TraceFile is { } trace ? scenario.WithTrace(ReadTrace(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, trace))) : scenario;
        }
        catch (ScenarioException exception)
        {
            throw new CommandFailedException($"{path}: {exception.Message}", exception);
        }
    }

    private static IReadOnlyList<TraceRequest> ReadTrace(string path) =>
        [.. TraceFile.Read(path, null).Select(entry => new TraceRequest(entry.Milliseconds, entry.InputLength, entry.OutputLength, entry.HashIds))];
}
