using System.Diagnostics;
using System.Globalization;
using OrleansServe.UnitTests.Engine;
using Xunit;
using Xunit.Abstractions;

namespace OrleansServe.UnitTests.Transfer.Faults;

/// <summary>
/// Ten thousand runs of real workers over a wire on which something goes wrong at every step of the protocol, and at most of them more than once. A run is what its
/// seed makes it: the child processes that run them have a thread pool of one thread, and virtual time. After each, every answer is what it is where nothing goes wrong, and a second
/// later no silo holds a block.
/// </summary>
public sealed class FaultRunTests(ITestOutputHelper output)
{
    private const int Runs = 10_000;
    private const int Processes = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Serve_AnyFaultAtAnyStep_AnswersAreRightAndNothingLeaks()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable(Fuzzing.SeedVariable), CultureInfo.InvariantCulture, out int alone))
        {
            string[] lines = await RunAsync(alone, 1, 1, traced: true);
            output.WriteLine(string.Join(Environment.NewLine, lines));
            RequireNoFailure(lines);
            return;
        }

        Dictionary<string, int> happened = [];
        long start = Stopwatch.GetTimestamp();
        TimeSpan time = TimeSpan.FromSeconds(
            int.TryParse(Environment.GetEnvironmentVariable(Fuzzing.SecondsVariable), CultureInfo.InvariantCulture, out int seconds) ? seconds : 0);
        int first = 0;
        do
        {
            string[][] all = await Task.WhenAll(Enumerable.Range(first, Processes).Select(process => RunAsync(process, Runs / Processes, Processes)));
            foreach (string[] words in all.SelectMany(lines => lines).Select(line => line.Split(' ')).Where(words => words[0] == "happened"))
            {
                string pair = $"{words[1]} {words[2]}";
                happened[pair] = happened.GetValueOrDefault(pair) + int.Parse(words[3], CultureInfo.InvariantCulture);
            }

            RequireNoFailure([.. all.SelectMany(lines => lines)]);
            first += Runs;
        }
        while (Stopwatch.GetElapsedTime(start) < time);

        output.WriteLine($"{first} runs, {happened.Values.Sum()} faults; seldom: {string.Join(", ", happened.OrderBy(pair => pair.Value).Take(8).Select(pair => $"{pair.Key} {pair.Value}"))}");

        // Else the test would show nothing.
        Assert.Empty(FaultScript.Pairs().Select(pair => $"{pair.Step} {pair.Action}").Except(happened.Keys));
    }

    [Fact]
    public async Task Serve_SameSeeds_GoTheSameWay()
    {
        string[][] both = await Task.WhenAll(RunAsync(0, 300, 7), RunAsync(0, 300, 7));
        Assert.Equal(both[0][^1], both[1][^1]);
    }

    private static void RequireNoFailure(string[] lines)
    {
        string[] failures = [.. lines.Where(line => line.StartsWith("failure", StringComparison.Ordinal))];
        if (failures.Length > 0)
        {
            int seed = int.Parse(failures[0].Split(' ')[1], CultureInfo.InvariantCulture);
            throw Fuzzing.Failed(seed, new InvalidOperationException(string.Join(Environment.NewLine, failures.Take(20))));
        }
    }

    private static async Task<string[]> RunAsync(int first, int count, int stride, bool traced = false)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in new[] { "exec", typeof(FaultRunTests).Assembly.Location, FaultHost.Name, $"{first}", $"{count}", $"{stride}" })
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["DOTNET_ThreadPool_ForceMinWorkerThreads"] = "1";
        start.Environment["DOTNET_ThreadPool_ForceMaxWorkerThreads"] = "1";
        start.Environment[FaultHost.TraceVariable] = traced ? "1" : string.Empty;
        using Process child = Process.Start(start)!;
        (Task<string> output, Task<string> errors) = (child.StandardOutput.ReadToEndAsync(), child.StandardError.ReadToEndAsync());
        try
        {
            await child.WaitForExitAsync().WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            child.Kill();
            throw;
        }

        Assert.True(child.ExitCode == 0, await errors);
        return (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
