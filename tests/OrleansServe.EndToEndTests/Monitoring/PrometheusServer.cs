using System.Globalization;
using System.Text.Json;
using OrleansServe.EndToEndTests.Support;
using OrleansServe.TestKit.Clients;
using OrleansServe.TestKit.Clusters;
using OrleansServe.TestKit.Processes;

namespace OrleansServe.EndToEndTests.Monitoring;

/// <summary>A real Prometheus on loopback that scrapes one silo and evaluates our rules, twice a second.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(100);

    private readonly TemporaryFolder _folder;
    private readonly ChildProcess _process;
    private readonly HttpClient _http;

    private PrometheusServer(TemporaryFolder folder, ChildProcess process, Uri address)
    {
        _folder = folder;
        _process = process;
        _http = new HttpClient { BaseAddress = address, Timeout = Limit };
    }

    /// <summary>Starts it and waits until it answers.</summary>
    /// <param name="target">Where the silo's metrics are.</param>
    public static async Task<PrometheusServer> StartAsync(Uri target)
    {
        Client.Prometheus.Require();
        TemporaryFolder folder = new();
        string rules = Promtool.WriteRules(folder);
        await File.WriteAllTextAsync(folder.File("prometheus.yaml"), $"""
            global:
              scrape_interval: 500ms
              scrape_timeout: 500ms
              evaluation_interval: 500ms
            rule_files: [{rules}]
            scrape_configs:
              - job_name: orleansserve
                static_configs:
                  - targets: ['{target.Authority}']
            """);
        int port = FreePort.Take();
        ChildProcess process = ChildProcess.Start(Client.Program("prometheus"),
        [
            $"--config.file={folder.File("prometheus.yaml")}",
            $"--storage.tsdb.path={folder.File("data")}",
            $"--web.listen-address=127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}",
        ]);
        PrometheusServer server = new(folder, process, new Uri($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}"));
        await PollAsync(server.IsReadyAsync, "an answer of Prometheus");
        return server;
    }

    /// <summary>Evaluates an expression now.</summary>
    /// <returns>The values that are numbers; none where there is no data.</returns>
    /// <exception cref="FormatException">Prometheus refuses the expression.</exception>
    public async Task<IReadOnlyList<double>> QueryAsync(string expression)
    {
        using FormUrlEncodedContent form = new([new("query", expression)]);
        using HttpResponseMessage response = await _http.PostAsync(new Uri("api/v1/query", UriKind.Relative), form);
        JsonElement root = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        if (root.GetProperty("status").GetString() != "success")
        {
            throw new FormatException($"{expression}: {root.GetProperty("error").GetString()}");
        }

        return [.. root.GetProperty("data").GetProperty("result").EnumerateArray()
            .Select(series => double.Parse(series.GetProperty("value")[1].GetString()!, NumberStyles.Float, CultureInfo.InvariantCulture))
            .Where(double.IsFinite)];
    }

    /// <summary>What it says of its rules.</summary>
    public async Task<IReadOnlyList<JsonElement>> RulesAsync()
    {
        using JsonDocument document = JsonDocument.Parse(await _http.GetStringAsync(new Uri("api/v1/rules", UriKind.Relative)));
        return [.. document.RootElement.Clone().GetProperty("data").GetProperty("groups").EnumerateArray().SelectMany(group => group.GetProperty("rules").EnumerateArray())];
    }

    /// <summary>Waits until something holds.</summary>
    public static async Task PollAsync(Func<Task<bool>> holds, string what)
    {
        long begun = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            if (TimeProvider.System.GetElapsedTime(begun) > Limit)
            {
                throw new TimeoutException($"Waited {Limit} for {what}.");
            }

            await Task.Delay(PollPeriod);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using HttpResponseMessage response = await _http.GetAsync(new Uri("-/ready", UriKind.Relative));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException) when (!_process.HasExited)
        {
            return false;
        }
    }
}
