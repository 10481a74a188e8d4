using System.Globalization;

namespace OrleansServe.UnitTests.Transfer.Faults;

/// <summary>Runs seeds one after the other, in a process whose thread pool has one thread, and writes what came of them, a line each.</summary>
internal static class FaultHost
{
    public const string Name = "faults";

    /// <summary>Says that a seed is to be written down step by step.</summary>
    public const string TraceVariable = "ORLEANSSERVE_FAULT_TRACE";

    public static int Run(int first, int count, int stride, TextWriter output)
    {
        ThreadPool.GetMaxThreads(out int threads, out _);
        if (threads != 1)
        {
            throw new InvalidOperationException($"The thread pool has up to {threads} threads, must have 1: DOTNET_ThreadPool_ForceMaxWorkerThreads=1.");
        }

        Task.Run(() => RunAsync(first, count, stride, output)).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(int first, int count, int stride, TextWriter output)
    {
        Dictionary<(FaultStep, FaultAction), int> happened = [];
        ulong digest = 0;
        bool traced = Environment.GetEnvironmentVariable(TraceVariable) is { Length: > 0 };
        for (int i = 0; i < count; i++)
        {
            int seed = first + (i * stride);
            Random random = new(seed);
            FaultScript script = FaultScript.Draw(seed, random);
            List<string>? trace = traced ? [] : null;
            FaultRun run = new(script, random, trace);
            try
            {
                await run.RunAsync();
            }
            catch (Exception e)
            {
                string what = e is InvalidOperationException ? e.Message : e.ToString();
                output.WriteLine($"failure {seed} {what.ReplaceLineEndings(" | ")} after {string.Join(", ", script.Happened)}");
            }

            if (trace is not null)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}"));
                trace.ForEach(output.WriteLine);
            }

            digest = (digest * 31) + run.Digest;
            script.Happened.ForEach(fault => happened[(fault.Step, fault.Action)] = happened.GetValueOrDefault((fault.Step, fault.Action)) + 1);
        }

        foreach (((FaultStep step, FaultAction action), int times) in happened)
        {
            output.WriteLine($"happened {step} {action} {times}");
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"runs {count} {digest:x16}"));
    }
}
