using OrleansServe.EndToEndTests.Support;
using OrleansServe.TestKit;
using OrleansServe.TestKit.Clients;
using OrleansServe.TestKit.Processes;

namespace OrleansServe.EndToEndTests.Monitoring;

/// <summary>The rules as Prometheus itself reads them, and its own checker.</summary>
internal static class Promtool
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static string Folder => RepositoryPaths.InRoot("k8s", "prometheus");

    public static Task<ProcessResult> RunAsync(params string[] arguments)
    {
        Client.Prometheus.Require();
        return ChildProcess.RunAsync(Client.Program("promtool"), arguments, Limit);
    }

    /// <summary>Writes the resource's groups as a rule file: what stands below <c>spec:</c>, two blanks to the left.</summary>
    /// <returns>The file's path.</returns>
    public static string WriteRules(TemporaryFolder folder)
    {
        string path = folder.File("rules.yaml");
        File.WriteAllLines(path, File.ReadLines(Path.Combine(Folder, "rules.yaml"))
            .SkipWhile(line => line != "spec:")
            .Skip(1)
            .Select(line => line.Length == 0 ? line : line[2..]));
        return path;
    }
}
