using System.Text.Json;
using System.Text.Json.Nodes;

using OrleansServe.Cli.Bench.Serving.Running;
using OrleansServe.Cli.Bench.Serving.Workloads;
using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Bench.Serving.Results;

/// <summary>Everything that <c>bench serve</c> has to say about a run.</summary>
/// <param name="Date">When it began.</param>
/// <param name="Machine">The machine of the client.</param>
/// <param name="Served">What was measured.</param>
/// <param name="Setup">How the requests came, in words and numbers.</param>
/// <param name="Targets">What a good request keeps.</param>
/// <param name="Workload">What was sent.</param>
/// <param name="Run">What came back.</param>
internal sealed record LoadReport(
    DateTimeOffset Date, BenchMachine Machine, ServedModel Served, LoadSetup Setup, LatencyTargets Targets, Workload Workload, LoadRecord Run)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The figures.</summary>
    public LoadFigures Figures { get; } = new(Run, Targets);

    /// <summary>One of the failures of each kind, in the server's words.</summary>
    public IReadOnlyDictionary<string, string> Examples => Run.Requests
        .Where(request => request.Detail.Length > 0)
        .GroupBy(request => request.Outcome)
        .ToDictionary(group => group.Key, group => group.First().Detail);

    /// <summary>One JSON document.</summary>
    public string Json() => new JsonObject
    {
        ["benchmark"] = "serve",
        ["date"] = Date.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ"),
        ["commit"] = Machine.Commit,
        ["machine"] = Machine.Json(),
        ["server"] = Server(),
        ["load"] = Setup.Json(Workload),
        ["interrupted"] = Run.Interrupted,
        ["duration_seconds"] = Run.Duration.TotalSeconds,
        ["requests"] = new JsonObject
        {
            ["planned"] = Run.Planned,
            ["left_out_too_long"] = Workload.LeftOut,
            ["sent"] = Run.Requests.Count,
            ["completed"] = Figures.Completed,
            ["reached_length"] = Figures.ReachedLength,
            ["peak_concurrency"] = Run.PeakConcurrency,
            ["failed"] = new JsonObject(Figures.Failures.Select(failure => KeyValuePair.Create(failure.Key, (JsonNode?)failure.Value))),
            ["failure_examples"] = new JsonObject(Examples.Select(example => KeyValuePair.Create(example.Key, (JsonNode?)example.Value))),
        },
        ["tokens"] = new JsonObject
        {
            ["input"] = Figures.InputTokens,
            ["cached_input"] = Figures.CachedInputTokens,
            ["output"] = Figures.OutputTokens,
            ["output_of_failed_requests"] = Figures.LostOutputTokens,
        },
        ["requests_per_second"] = Figures.RequestsPerSecond,
        ["input_tokens_per_second"] = Figures.InputTokensPerSecond,
        ["output_tokens_per_second"] = Figures.OutputTokensPerSecond,
        ["ttft_seconds"] = Node(Figures.TimeToFirstToken),
        ["itl_seconds"] = Node(Figures.InterTokenLatency),
        ["tpot_seconds"] = Node(Figures.TimePerOutputToken),
        ["e2e_seconds"] = Node(Figures.EndToEnd),
        ["send_delay_seconds"] = Node(Figures.SendDelay),
        ["server_ttft_seconds"] = Node(Figures.ServerTimeToFirstToken),
        ["server_queue_seconds"] = Node(Figures.ServerQueueTime),
        ["goodput"] = Figures.Good is null ? null : Goodput(),
    }.ToJsonString(Indented);

    private JsonObject Server() => new()
    {
        ["url"] = Served.Server.GetLeftPart(UriPartial.Authority),
        ["model"] = Served.Model.Name,
        ["architecture"] = Served.Model.Architecture,
        ["weights_fingerprint"] = Served.Model.WeightsFingerprint,
        ["context_length"] = Served.Model.ContextLength,
        ["prefill_workers"] = Served.Count(Worker.Types.Role.Prefill),
        ["decode_workers"] = Served.Count(Worker.Types.Role.Decode),
        ["expert_shards"] = Served.Count(Worker.Types.Role.Expert),
    };

    private JsonObject Goodput() => new()
    {
        ["ttft_target_seconds"] = Targets.TimeToFirstToken?.TotalSeconds,
        ["itl_target_seconds"] = Targets.InterTokenLatency?.TotalSeconds,
        ["tpot_target_seconds"] = Targets.TimePerOutputToken?.TotalSeconds,
        ["e2e_target_seconds"] = Targets.EndToEnd?.TotalSeconds,
        ["good_requests"] = Figures.Good,
        ["good_requests_per_second"] = Figures.GoodPerSecond,
        ["share_of_sent"] = Figures.GoodShare,
    };

    private static JsonObject? Node(Distribution? values) => values is null
        ? null
        : new JsonObject
        {
            ["count"] = values.Count,
            ["mean"] = values.Mean,
            ["p50"] = values.P50,
            ["p90"] = values.P90,
            ["p99"] = values.P99,
            ["max"] = values.Max,
        };
}
