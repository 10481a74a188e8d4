using System.Globalization;
using System.Net;

using OrleansServe.TestKit.Processes;

namespace OrleansServe.TestKit.Clusters;

/// <summary>One silo of a cluster of several processes: the command-line program as an operator starts it. It can be killed, told to stop, and started again under its name and ports.</summary>
public sealed class ClusterProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(50);
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(10) };

    private readonly string[] _arguments;
    private readonly int _httpPort = FreePort.Take();
    private readonly int _grpcPort = FreePort.Take();
    private ChildProcess? _process;

    /// <param name="name">The silo's name.</param>
    /// <param name="roles">Its roles, as on the command line.</param>
    /// <param name="redis">Where the cluster's Redis is.</param>
    /// <param name="arguments">Further options.</param>
    public ClusterProcess(string name, string roles, string redis, params string[] arguments)
    {
        Name = name;
        Roles = roles;
        _arguments =
        [
            "serve", "--redis", redis, "--roles", roles, "--silo-name", name, "--silo-port", "0", "--threads", "1", "--kv-blocks", "512",
            "--http-port", _httpPort.ToString(CultureInfo.InvariantCulture), "--port", _grpcPort.ToString(CultureInfo.InvariantCulture), .. arguments,
        ];
    }

    /// <summary>The silo's name.</summary>
    public string Name { get; }

    /// <summary>Its roles.</summary>
    public string Roles { get; }

    /// <summary>Where a gateway's gRPC is.</summary>
    public Uri GrpcAddress => new($"http://127.0.0.1:{_grpcPort}");

    /// <summary>Whether it runs.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Starts it.</summary>
    public void Start() => _process = CommandLineProcess.Start(_arguments);

    /// <summary>What <c>/readyz</c> says; 0 and why where nobody answers.</summary>
    public async Task<(HttpStatusCode Status, string Line)> ReadinessAsync()
    {
        try
        {
            using HttpResponseMessage response = await Http.GetAsync(new Uri($"http://127.0.0.1:{_httpPort}/readyz"));
            return (response.StatusCode, (await response.Content.ReadAsStringAsync()).TrimEnd('\n'));
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException)
        {
            return (0, fault.Message);
        }
    }

    /// <summary>Waits until <c>/readyz</c> says what is awaited.</summary>
    /// <exception cref="TimeoutException">It has not, or the process has ended; the message has what it wrote.</exception>
    public async Task WaitForReadinessAsync(Func<HttpStatusCode, string, bool> isAwaited)
    {
        long begun = TimeProvider.System.GetTimestamp();
        (HttpStatusCode Status, string Line) seen = default;
        while (TimeProvider.System.GetElapsedTime(begun) < Patience && IsRunning)
        {
            seen = await ReadinessAsync();
            if (isAwaited(seen.Status, seen.Line))
            {
                return;
            }

            await Task.Delay(PollPeriod);
        }

        string written = IsRunning ? "" : $"\n{await _process!.WaitAsync(Patience)}";
        throw new TimeoutException($"{Name} is not as awaited; it last said {seen.Status}: {seen.Line}{written}");
    }

    /// <summary>Waits until it is ready.</summary>
    /// <exception cref="TimeoutException">It does not become so.</exception>
    public Task WaitUntilReadyAsync() => WaitForReadinessAsync(static (status, _) => status == HttpStatusCode.OK);

    /// <summary>Ends it as a lost machine would (SIGKILL), and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
            _process = null;
        }
    }

    /// <summary>Waits until it has ended by itself.</summary>
    /// <exception cref="TimeoutException">It has not.</exception>
    public Task<ProcessResult> WaitForEndAsync() => _process!.WaitAsync(Patience);

    /// <summary>Tells it to stop, as Kubernetes does (SIGTERM), and waits for its end.</summary>
    /// <exception cref="TimeoutException">It does not end.</exception>
    public async Task<ProcessResult> StopAsync()
    {
        await _process!.TerminateAsync();
        return await _process.WaitAsync(Patience);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(KillAsync());
}
