using System.Net;
using OrleansServe.EndToEndTests.Monitoring;
using OrleansServe.EndToEndTests.Support;
using OrleansServe.TestKit;
using OrleansServe.TestKit.Clusters;
using OrleansServe.TestKit.Processes;
using Xunit;

namespace OrleansServe.EndToEndTests.Operations;

/// <summary>The container's program where it is given something that it cannot start with.</summary>
public sealed class StartFaultTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Silo_NoModelThere_SaysWhyUntilItIsStopped()
    {
        using TemporaryFolder folder = new();

        ProcessResult result = await SaysAtReadyzAsync("does not exist", "MODEL", folder.File("absent"));

        Assert.Contains(folder.File("absent"), result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silo_CertificateIsNone_SaysWhyUntilItIsStopped()
    {
        using TemporaryFolder folder = new();
        string file = folder.File("tls.crt");
        await File.WriteAllTextAsync(file, "not a certificate");

        ProcessResult result = await SaysAtReadyzAsync("certificate", "MODEL", RepositoryPaths.TinyR1, "DATAPLANE", "tcp", "TLSCERTIFICATE", file, "TLSKEY", file, "TLSAUTHORITY", file);

        Assert.Contains("--tls-authority", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silo_NoHold_EndsAtOnce()
    {
        using TemporaryFolder folder = new();

        ProcessResult result = await ChildProcess.RunAsync("dotnet", [RepositoryPaths.SiloProgram, "--model", folder.File("absent"), "--http-port", "0", "--port", "0"], Limit);

        Assert.Equal(1, result.ExitCode);
        Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => line.StartsWith("error: ", StringComparison.Ordinal));
    }

    private static async Task<ProcessResult> SaysAtReadyzAsync(string expected, params string[] settings)
    {
        int port = FreePort.Take();
        Dictionary<string, string> environment = new() { ["ORLEANSSERVE__HTTPPORT"] = $"{port}", ["ORLEANSSERVE__PORT"] = "0", ["ORLEANSSERVE__FAULTHOLDSECONDS"] = "600" };
        foreach (string[] setting in settings.Chunk(2))
        {
            environment["ORLEANSSERVE__" + setting[0]] = setting[1];
        }

        await using ChildProcess silo = ChildProcess.Start("dotnet", [RepositoryPaths.SiloProgram], environment);
        using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        string line = "";
        await PrometheusServer.PollAsync(async () => (line = await ReadAsync(http, "readyz", HttpStatusCode.ServiceUnavailable)).StartsWith("Cannot start", StringComparison.Ordinal), "the fault at /readyz");

        Assert.Contains(expected, line, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain('\n', line.TrimEnd('\n'));
        Assert.StartsWith("Healthy", await ReadAsync(http, "healthz", HttpStatusCode.OK), StringComparison.Ordinal);
        await silo.TerminateAsync();
        ProcessResult result = await silo.WaitAsync(Limit);
        Assert.Equal(1, result.ExitCode);
        return result;
    }

    // Empty while nothing listens yet, or where the status is another.
    private static async Task<string> ReadAsync(HttpClient http, string path, HttpStatusCode status)
    {
        try
        {
            using HttpResponseMessage response = await http.GetAsync(new Uri(path, UriKind.Relative));
            return response.StatusCode == status ? await response.Content.ReadAsStringAsync() : "";
        }
        catch (HttpRequestException)
        {
            return "";
        }
    }
}
