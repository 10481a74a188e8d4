using System.Diagnostics;
using System.Globalization;

using OrleansServe.Cli.Client;

namespace OrleansServe.Cli.Bench.Control;

/// <summary>Clients in a process of their own, <c>bench serve</c>, so that their processor time is not this one's.</summary>
internal sealed class RemoteLoad : IAsyncDisposable
{
    private const int MoreThanAreAnswered = 1_000_000;

    private readonly Process _process;
    private readonly Task<string> _error;
    private readonly Task<string> _output;

    private RemoteLoad(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _error = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts them.</summary>
    /// <param name="server">Where they ask.</param>
    /// <param name="clients">How many.</param>
    /// <param name="promptTokens">Tokens of each prompt.</param>
    /// <param name="outputTokens">Tokens of each answer.</param>
    /// <exception cref="CommandFailedException">This program cannot be started once more.</exception>
    public static RemoteLoad Start(Uri server, int clients, int promptTokens, int outputTokens)
    {
        string program = Environment.ProcessPath ?? throw new CommandFailedException("the path of this program is not known, so that no client can be started");
        ProcessStartInfo start = new(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            start.ArgumentList.Add(typeof(RemoteLoad).Assembly.Location);
        }

        string[] arguments =
        [
            "bench", "serve", "--url", server.ToString(), "--rate", "inf",
            "--requests", Text(MoreThanAreAnswered), "--max-concurrency", Text(clients), "--input-length", Text(promptTokens), "--output-length", Text(outputTokens),
        ];
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return new RemoteLoad(Process.Start(start) ?? throw new CommandFailedException($"{program} did not start"));
    }

    /// <summary>Waits until all of them have asked.</summary>
    /// <param name="running">Requests in work.</param>
    /// <param name="clients">How many there are to be.</param>
    /// <param name="limit">How long to wait.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CommandFailedException">They ended, or took too long.</exception>
    public async Task WaitUntilAskedAsync(Func<int> running, int clients, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        long begin = time.GetTimestamp();
        while (running() < clients)
        {
            if (_process.HasExited || time.GetElapsedTime(begin) > limit)
            {
                throw new CommandFailedException(_process.HasExited
                    ? $"the clients ended: {(await _error).Trim()}"
                    : $"of {clients} clients {running()} had asked after {limit.TotalSeconds:0} s");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellationToken);
        }
    }

    /// <summary>Ends them.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync();
        await Task.WhenAll(_output, _error);
        _process.Dispose();
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
