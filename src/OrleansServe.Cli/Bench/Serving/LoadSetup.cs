using System.Globalization;
using System.Text.Json.Nodes;
using OrleansServe.Cli.Bench.Serving.Running;
using OrleansServe.Cli.Bench.Serving.Workloads;

namespace OrleansServe.Cli.Bench.Serving;

/// <summary>How the requests of a run come.</summary>
/// <param name="Rate">Requests a second; infinity for all at once; null for the times of a trace.</param>
/// <param name="Burstiness">Shape of the gaps; 1 is Poisson.</param>
/// <param name="Seed">Everything drawn is a function of it.</param>
/// <param name="Warmup">Requests before those measured.</param>
/// <param name="SkipTooLong">Whether requests beyond the model's context are left out.</param>
/// <param name="Load">How they are sent.</param>
internal sealed record LoadSetup(double? Rate, double Burstiness, ulong Seed, int Warmup, bool SkipTooLong, LoadOptions Load)
{
    /// <summary>When requests come, where no trace says.</summary>
    public ArrivalProcess Arrivals() => new(Rate ?? double.PositiveInfinity, Burstiness, DrawPurpose.Arrivals.Draw(Seed));

    /// <summary>In words.</summary>
    public string Describe() => Text($"{Arrival()}, at most {Load.MaxConcurrency} at once, seed {Seed}, {(Load.Temperature == 0 ? "greedy" : $"temperature {Load.Temperature}")}{(Load.StopAtEos ? "" : ", each answer to its full length")}");

    /// <summary>As part of a document.</summary>
    public JsonObject Json(Workload workload) => new()
    {
        ["source"] = workload.Description,
        ["rate"] = Rate is { } rate && double.IsFinite(rate) ? rate : null,
        ["arrivals"] = Rate is null ? "trace" : double.IsFinite(Rate.Value) ? "gamma" : "at_once",
        ["burstiness"] = Burstiness,
        ["max_concurrency"] = Load.MaxConcurrency,
        ["seed"] = Seed,
        ["warmup_requests"] = Warmup,
        ["timeout_seconds"] = Load.Timeout.TotalSeconds,
        ["chat"] = Load.Chat,
        ["temperature"] = Load.Temperature,
        ["stop_at_eos"] = Load.StopAtEos,
    };

    private string Arrival() => Rate switch
    {
        null => "at the trace's times",
        double.PositiveInfinity => "all at once",
        var rate when Burstiness == 1 => Text($"Poisson arrivals at {rate:0.###} a second"),
        var rate => Text($"arrivals at {rate:0.###} a second with burstiness {Burstiness:0.###}"),
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
