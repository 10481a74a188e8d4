using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Json.Nodes;

namespace OrleansServe.Cli.Bench;

/// <summary>Where something was measured, and what: without these figures mean nothing.</summary>
/// <param name="Processor">Its name.</param>
/// <param name="Cores">Processors that this process may use.</param>
/// <param name="VectorBits">Widest vectors that the processor and the runtime have in common.</param>
/// <param name="MemoryBytes">Memory that this process may use.</param>
/// <param name="System">Operating system.</param>
/// <param name="Runtime">.NET.</param>
/// <param name="Commit">What the program was built from; empty if that was no repository.</param>
internal sealed record BenchMachine(string Processor, int Cores, int VectorBits, long MemoryBytes, string System, string Runtime, string Commit)
{
    private const string ProcessorList = "/proc/cpuinfo";
    private const string ProcessorName = "model name";
    private const int ShownCommit = 12;

    /// <summary>This machine and this program.</summary>
    public static BenchMachine Read() => new(
        ReadProcessor(),
        Environment.ProcessorCount,
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128,
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        ReadCommit(typeof(BenchMachine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? ""));

    /// <summary>In one line.</summary>
    public string Line() => $"{Processor}, {Cores} processor{(Cores == 1 ? "" : "s")}, {VectorBits}-bit vectors, {Runtime}, built from {(Commit.Length > 0 ? Commit : "no commit")}";

    /// <summary>As part of a document, beside its <c>commit</c>.</summary>
    public JsonObject Json() => new()
    {
        ["processor"] = Processor,
        ["processors"] = Cores,
        ["vector_bits"] = VectorBits,
        ["memory_bytes"] = MemoryBytes,
        ["system"] = System,
        ["runtime"] = Runtime,
    };

    /// <summary>The commit in a version such as <c>0.1.0+8f97841…</c>, shortened.</summary>
    public static string ReadCommit(string version)
    {
        string commit = version.IndexOf('+', StringComparison.Ordinal) is >= 0 and var plus ? version[(plus + 1)..] : "";
        return commit.Length > ShownCommit ? commit[..ShownCommit] : commit;
    }

    private static string ReadProcessor()
    {
        try
        {
            return File.ReadLines(ProcessorList).FirstOrDefault(line => line.StartsWith(ProcessorName, StringComparison.Ordinal)) is { } line
                ? line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()
                : RuntimeInformation.ProcessArchitecture.ToString();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return RuntimeInformation.ProcessArchitecture.ToString();
        }
    }
}
