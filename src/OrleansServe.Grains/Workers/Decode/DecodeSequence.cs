using System.Collections.Immutable;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Workers.Channels;
using OrleansServe.Grains.Workers.Steps;
using OrleansServe.Transfer.Tokens;

namespace OrleansServe.Grains.Workers.Decode;

/// <summary>One sample of a request on a decode worker, from its reservation on.</summary>
/// <param name="request">Asked for room.</param>
/// <param name="sample">Which of its samples: tokens travel under that one's name.</param>
/// <param name="rootName">Seed of the names of blocks.</param>
internal sealed class DecodeSequence(ReserveRequest request, int sample, UInt128 rootName)
    : WorkerSequence(SampleId.Of(request.RequestId, sample), request.Prompt.AsSpan(), request.MaxTokens, rootName)
{
    public override bool IsStream => true;

    /// <summary>Which of its request's samples this is.</summary>
    public int Sample { get; } = sample;

    /// <summary>The other samples, which go on from the prompt's KV once it is there; on sample 0 alone.</summary>
    public ImmutableArray<DecodeSequence> Forks { get; set; } = [];

    /// <summary>Where its prompt's KV arrives; null before it is held. Samples share sample 0's.</summary>
    public KvReservation? Reservation { get; set; }

    /// <summary>Where the tokens go; null until the gateway is known.</summary>
    public GatewayStream? Stream { get; private set; }

    /// <summary>The request has been taken in: it wants tokens.</summary>
    public bool IsWanted { get; private set; }

    public ImmutableArray<int> StopTokens { get; private set; } = [];

    /// <summary>It has its prompt's KV and its place in the batch.</summary>
    public bool Begun { get; set; }

    /// <summary>It wants no token any more, but holds the prompt's KV until its forks have begun.</summary>
    public bool IsOver { get; set; }

    public override bool EndsWith(int token) => StopTokens.Contains(token);

    /// <summary>It holds nothing any more.</summary>
    public bool Ended { get; set; }

    /// <summary>Says where the sample's tokens will go, or word of its failure.</summary>
    public void Attach(GatewayStream stream)
    {
        Detach();
        Stream = stream;
        stream.Requests++;
    }

    /// <summary>Nothing more of the sample is sent.</summary>
    public void Detach()
    {
        if (Stream is { } stream)
        {
            stream.Requests--;
        }
    }

    /// <summary>Takes the sample in.</summary>
    /// <param name="request">How it is to be drawn.</param>
    /// <param name="stream">Where its tokens go.</param>
    public void Open(DecodeRequest request, GatewayStream stream)
    {
        Attach(stream);
        IsWanted = true;
        Sampling = TokenSamples.ToEngine(request.Sampling, Sample);
        TopLogprobs = request.Sampling.TopLogprobs;
        StopTokens = request.StopTokens.IsDefault ? [] : request.StopTokens;
    }

    /// <summary>How a token just appended leaves this sample.</summary>
    public TokenStreamEnd EndAfter(int token) => StopTokens.Contains(token) ? TokenStreamEnd.StopToken
        : Produced >= MaxTokens ? TokenStreamEnd.Length
        : TokenStreamEnd.None;
}
