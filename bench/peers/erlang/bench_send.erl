%% Erlang as fast as it is: processes that send and receive, without OTP behind them.
-module(bench_send).
-export([main/0, prepare/2]).
-import(bench_lane, [batches/3, downs/2, gather/2, times/2, watch/3, weigh/2]).

main() -> bench_lane:main(?MODULE).

prepare(cast, #{atOnce := AtOnce}) ->
    Counter = spawn_link(fun() -> counter(0) end),
    fun(Ops) ->
        Before = ask(Counter, value),
        batches(Ops, AtOnce, fun(Batch) ->
            times(Batch, fun() -> Counter ! {add, 1} end),
            ask(Counter, value),
            0
        end),
        ask(Counter, value) - Before
    end;
prepare(callSeq, Size) ->
    Stuck = spawn_link(fun stuck/0),
    times(maps:get(queued, Size, 0), fun() -> Stuck ! wait end),
    Counter = spawn_link(fun() -> counter(0) end),
    fun(Ops) ->
        Before = ask(Counter, value),
        times(Ops, fun() -> ask(Counter, next) end),
        ask(Counter, value) - Before
    end;
prepare(call1000, _) ->
    Counter = spawn_link(fun() -> counter(0) end),
    fun(Ops) ->
        Before = ask(Counter, value),
        batches(Ops, 1000, fun(Batch) ->
            Refs = [begin Ref = make_ref(), Counter ! {next, self(), Ref}, Ref end
                    || _ <- lists:seq(1, Batch)],
            [receive {Ref, _} -> ok end || Ref <- Refs],
            0
        end),
        ask(Counter, value) - Before
    end;
prepare(pingPong, _) ->
    Ping = spawn_link(fun() -> player(0) end),
    Pong = spawn_link(fun() -> player(0) end),
    fun(Ops) ->
        Ping ! {ball, Ops - 1, Pong, self()},
        receive done -> ok end,
        ask(Ping, balls) + ask(Pong, balls)
    end;
prepare(ring, #{actors := Actors}) ->
    First = spawn_link(fun() -> receive {next, Next} -> hop(Next) end end),
    Last = lists:foldl(fun(_, Next) -> spawn_link(fun() -> hop(Next) end) end,
                       First, lists:seq(2, Actors)),
    First ! {next, Last},
    fun(Ops) ->
        First ! {token, Ops - 1, 1, self()},
        receive {hops, Hops} -> Hops end
    end;
prepare(big, #{actors := Actors}) ->
    Peers = [spawn_link(fun() -> peer(0, 0, none) end) || _ <- lists:seq(1, Actors)],
    fun(_) ->
        [Peer ! {ping_all, Peers, self()} || Peer <- Peers],
        lists:sum([receive {messages, Messages} -> Messages end || _ <- Peers])
    end;
prepare(spawnStop, #{atOnce := AtOnce}) ->
    fun(Ops) ->
        batches(Ops, AtOnce, fun(Batch) ->
            times(Batch, fun() ->
                {Pid, _} = spawn_monitor(fun() -> receive live -> exit(lived) end end),
                Pid ! live
            end),
            downs(Batch, lived)
        end)
    end;
prepare(skynet, #{leaves := Leaves}) ->
    fun(_) ->
        Main = self(),
        spawn_link(fun() -> node(0, Leaves, Main) end),
        receive {sum, Sum} -> Sum end
    end;
prepare(memory, #{actors := Actors}) ->
    {values, fun() ->
        weigh(Actors, fun() -> [spawn(fun() -> counter(0) end) || _ <- lists:seq(1, Actors)] end)
    end};
prepare(flood, #{ms := Ms}) ->
    Bystander = spawn_link(fun() -> counter(0) end),
    Sink = spawn_link(fun sink/0),
    {values, fun() ->
        Flood = spawn(fun() -> self() ! again, flood(Sink) end),
        watch(Ms, Flood, fun() -> ask(Bystander, next) end)
    end};
prepare(scaling, #{actors := Actors}) ->
    Left = atomics:new(1, []),
    Main = self(),
    All = list_to_tuple([spawn_link(fun() -> one(0, Left, Main) end)
                         || _ <- lists:seq(1, Actors)]),
    Next = atomics:new(1, []),
    fun(Ops) -> batches(Ops, min(Actors, 1000), fun(Batch) -> spread(Batch, All, Actors, Left, Next) end) end;
prepare(timers, #{pending := Pending}) ->
    [erlang:send_after(60000 + I rem 60000, self(), tick) || I <- lists:seq(1, Pending)],
    fun(Ops) ->
        times(Ops, fun() -> erlang:cancel_timer(erlang:send_after(60000, self(), tick)) end),
        Ops
    end;
prepare(timersDue, _) ->
    fun(Ops) ->
        times(Ops, fun() -> erlang:send_after(1, self(), due) end),
        gather(due, Ops),
        Ops
    end;
prepare(monitors, #{watchers := Watchers}) ->
    Watched = spawn_link(fun stuck/0),
    times(Watchers, fun() -> monitor(process, Watched) end),
    fun(Ops) ->
        times(Ops, fun() -> demonitor(monitor(process, Watched), [flush]) end),
        Ops
    end;
prepare(downs, #{watchers := Watchers}) ->
    fun(Ops) ->
        batches(Ops, Watchers, fun(Batch) ->
            Watched = spawn(fun() -> receive stop -> exit(lived) end end),
            times(Batch, fun() -> monitor(process, Watched) end),
            Watched ! stop,
            downs(Batch, lived)
        end)
    end;
prepare(links, #{watchers := Watchers}) ->
    Hub = spawn_link(fun stuck/0),
    [spawn(fun() -> link(Hub), stuck() end) || _ <- lists:seq(1, Watchers)],
    fun(Ops) ->
        times(Ops, fun() -> link(Hub), unlink(Hub) end),
        Ops
    end;
prepare(namesLookUp, #{names := Count}) ->
    Names = list_to_tuple(named("name", Count)),
    fun(Ops) -> look_up(Ops, Names, Count, 0) end;
prepare(namesFree, #{names := Count, times := Times}) ->
    _ = named("name", Count),
    New = [list_to_atom("new-" ++ integer_to_list(I)) || I <- lists:seq(1, Times)],
    fun(Ops) -> register_and_free(lists:sublist(New, Ops), 0) end;
prepare(_, _) ->
    absent.

ask(Pid, Question) ->
    Ref = make_ref(),
    Pid ! {Question, self(), Ref},
    receive {Ref, Answer} -> Answer end.

counter(N) ->
    receive
        {add, By} -> counter(N + By);
        {value, From, Ref} -> From ! {Ref, N}, counter(N);
        {next, From, Ref} -> From ! {Ref, N + 1}, counter(N + 1)
    end.

stuck() -> receive never -> ok end.

sink() -> receive take -> sink() end.

%% Never stops: each message sends one to the sink, and one to itself.
flood(Sink) ->
    receive again -> Sink ! take, self() ! again, flood(Sink) end.

player(Balls) ->
    receive
        {ball, 0, _From, Done} -> Done ! done, player(Balls + 1);
        {ball, Left, From, Done} -> From ! {ball, Left - 1, self(), Done}, player(Balls + 1);
        {balls, From, Ref} -> From ! {Ref, Balls}, player(0)
    end.

hop(Next) ->
    receive
        {token, 0, Hops, Done} -> Done ! {hops, Hops};
        {token, Left, Hops, Done} -> Next ! {token, Left - 1, Hops + 1, Done}
    end,
    hop(Next).

peer(Missing, Pongs, Done) ->
    receive
        {ping, From} -> From ! pong, peer(Missing, Pongs, Done);
        pong when Missing =:= 1 -> Done ! {messages, (Pongs + 1) * 2}, peer(0, 0, none);
        pong -> peer(Missing - 1, Pongs + 1, Done);
        {ping_all, Peers, From} ->
            Self = self(),
            [Peer ! {ping, Self} || Peer <- Peers, Peer =/= Self],
            peer(length(Peers) - 1, 0, From)
    end.

node(First, 1, Parent) -> Parent ! {sum, First};
node(First, Leaves, Parent) ->
    Part = Leaves div 10,
    Self = self(),
    [spawn(fun() -> node(First + I * Part, Part, Self) end) || I <- lists:seq(0, 9)],
    Parent ! {sum, lists:sum([receive {sum, Sum} -> Sum end || _ <- lists:seq(0, 9)])}.

one(N, Left, Main) ->
    receive
        add ->
            case atomics:sub_get(Left, 1, 1) of
                0 -> Main ! handled;
                _ -> ok
            end,
            one(N + 1, Left, Main)
    end.

spread(Batch, All, Actors, Left, Next) ->
    atomics:put(Left, 1, Batch),
    At = atomics:add_get(Next, 1, Batch) - Batch,
    send_from(At, Batch, All, Actors),
    receive handled -> Batch end.

send_from(_At, 0, _All, _Actors) -> ok;
send_from(At, Left, All, Actors) ->
    element(At rem Actors + 1, All) ! add,
    send_from(At + 1, Left - 1, All, Actors).

named(Prefix, Count) ->
    Names = [list_to_atom(Prefix ++ "-" ++ integer_to_list(I)) || I <- lists:seq(1, Count)],
    [register(Name, spawn_link(fun stuck/0)) || Name <- Names],
    Names.

look_up(0, _Names, _Count, Found) -> Found;
look_up(Left, Names, Count, Found) ->
    Pid = whereis(element(Left * 7 rem Count + 1, Names)),
    look_up(Left - 1, Names, Count, Found + if is_pid(Pid) -> 1; true -> 0 end).

register_and_free([], Freed) -> Freed;
register_and_free(Names, Freed) ->
    {Batch, Rest} = lists:split(min(1000, length(Names)), Names),
    [begin
         {Pid, _} = spawn_monitor(fun() -> receive live -> exit(lived) end end),
         register(Name, Pid),
         Pid ! live
     end || Name <- Batch],
    register_and_free(Rest, Freed + downs(length(Batch), lived)).
