using System.Globalization;
using System.Text;

using Grpc.Core;

using OrleansServe.EndToEndTests.Support;
using OrleansServe.Protocol.V1;

namespace OrleansServe.EndToEndTests.Cluster;

/// <summary>What a client saw of a stream.</summary>
/// <param name="Content">Everything that must not depend on who served it, in one text: tokens, bits of log-probabilities, texts and ends of all samples, usage.</param>
/// <param name="LongestPause">The longest time between two messages.</param>
/// <param name="Resumes">How often the server said that it was interrupted.</param>
/// <param name="Weights">Fingerprint of the weights that the server said would answer.</param>
internal sealed record StreamRecord(string Content, TimeSpan LongestPause, int Resumes, string Weights)
{
    /// <summary>Reads a stream to its end.</summary>
    public static async Task<StreamRecord> ReadAsync(AsyncServerStreamingCall<GenerateResponse> stream)
    {
        using AsyncServerStreamingCall<GenerateResponse> call = stream;
        SortedDictionary<int, Sample> samples = [];
        StringBuilder content = new();
        TimeSpan longest = TimeSpan.Zero;
        int resumes = 0;
        string weights = "";
        long last = TimeProvider.System.GetTimestamp();
        await foreach (GenerateResponse response in call.ResponseStream.ReadAllAsync())
        {
            long now = TimeProvider.System.GetTimestamp();
            TimeSpan pause = TimeProvider.System.GetElapsedTime(last, now);
            last = now;
            if (response.Started is { } started)
            {
                content.Append(CultureInfo.InvariantCulture, $"prompt {started.PromptTokens} seed {started.Seed}\n");
                weights = started.WeightsFingerprint;
                continue;
            }

            longest = pause > longest ? pause : longest;
            if (response.Delta is { } delta)
            {
                Of(delta.Index).Add(delta);
            }
            else if (response.Finished is { } finished)
            {
                Of(finished.Index).End = $"{finished.Reason} '{finished.StopString}' {finished.StopTokenId}";
                if (finished.Usage is { } usage)
                {
                    content.Append(CultureInfo.InvariantCulture, $"completion {usage.CompletionTokens} reasoning {usage.ReasoningTokens}\n");
                    resumes = finished.Timing.Resumes;
                }
            }
        }

        foreach ((int index, Sample sample) in samples)
        {
            content.Append(CultureInfo.InvariantCulture, $"{index}: {sample}\n");
        }

        return new StreamRecord(content.ToString(), longest, resumes, weights);

        Sample Of(int index) => samples.TryGetValue(index, out Sample? sample) ? sample : samples[index] = new Sample();
    }

    // Drafts may be told apart by how tokens fall into messages, so that only the whole counts.
    private sealed class Sample
    {
        private readonly List<int> _tokens = [];
        private readonly List<(int Token, int Bits)> _logprobs = [];
        private readonly StringBuilder _text = new();
        private readonly StringBuilder _reasoning = new();

        public string End { get; set; } = "none";

        public void Add(Delta delta)
        {
            _tokens.AddRange(delta.TokenIds);
            _logprobs.AddRange(Answer.BitsOf(delta.Logprobs));
            _text.Append(delta.Text);
            _reasoning.Append(delta.ReasoningText);
        }

        public override string ToString() =>
            $"tokens {string.Join(' ', _tokens)}\nlogprobs {string.Join(' ', _logprobs.Select(entry => $"{entry.Token}:{entry.Bits:x8}"))}\nreasoning {_reasoning}\ntext {_text}\nend {End}";
    }
}
