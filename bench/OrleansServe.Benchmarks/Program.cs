using System.Text.Json;
using OrleansServe.Benchmarks;

// Prints one JSON document: what bench/run.sh records with machine and commit, or, for "drafts", one stream through the cluster with and without.
if (args is ["drafts", var folder])
{
    SpeculationFigures figures = await SpeculationBenchmark.RunAsync(folder);
    Console.WriteLine(JsonSerializer.Serialize(figures, new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower }));
    return;
}

string model = args.Length > 0 ? args[0] : "models/tiny-r1";
StreamFigures streams = await StreamBenchmark.RunAsync(model);
SpeculationFigures speculation = await SpeculationBenchmark.RunAsync(model);
double decodeStepBytes = DecodeStepBenchmark.AllocatedBytesPerStep(model);
Console.WriteLine(JsonSerializer.Serialize(new
{
    one_stream_tokens_per_second = Math.Round(streams.OneStream, 1),
    sixteen_streams_tokens_per_second = Math.Round(streams.SixteenStreams, 1),
    one_stream_plain_tokens_per_second = Math.Round(speculation.Plain, 1),
    one_stream_drafting_tokens_per_second = Math.Round(speculation.Drafting, 1),
    drafting_speed_up = Math.Round(speculation.MedianSpeedUp, 2),
    drafting_speed_up_range = new[] { Math.Round(speculation.LeastSpeedUp, 2), Math.Round(speculation.MostSpeedUp, 2) },
    draft_acceptance = Math.Round(speculation.Acceptance, 3),
    allocated_bytes_per_decode_step = decodeStepBytes,
}));
