package interop

func samples() []fixture {
	return []fixture{
		{file: "samples/attachments_0.json", swap: []string{"http://sharkey/users/afcj40xfmzy00003", "{alice}"}, want: `
			Note by @actor@pasture-one-actor.test, public, at home
			text: Image
			image: https://pasture-one-actor.test/assets/cow.jpg (a cow)
			at: 2025-11-21T14:45:05.000Z`},
		{file: "samples/emoji_0.json", swap: []string{"http://sharkey/users/afcj40xfmzy00003", "{alice}"}, want: `
			Note by @actor@pasture-one-actor.test, public, at home
			text: emoji base properties :cow1:
			emojis: cow1
			at: 2025-11-21T14:40:21.000Z`},
		{file: "samples/hashtags_1.json", swap: []string{"http://sharkey/users/afcj40xfmzy00003", "{alice}"}, want: `
			Note by @actor@pasture-one-actor.test, public, at home
			text: tag &#39;nohash&#39;
			tags: nohash
			at: 2025-11-21T14:44:25.000Z`},
		{file: "samples/hashtags_14.json", swap: []string{"http://sharkey/users/afcj40xfmzy00003", "{alice}"}, want: `
			Note by @actor@pasture-one-actor.test, public, at home
			text: tag &#39;#test&#39; not in list
			tags: test
			at: 2025-11-21T14:44:33.000Z`},
		{file: "samples/html_tags_0.json", swap: []string{"http://sharkey/users/afcj40xfmzy00003", "{alice}"}, want: `
			Note by @actor@pasture-one-actor.test, public, at home
			text: <b>bold</b>
			at: 2025-11-21T14:40:29.000Z`},
		{file: "samples/necessary_properties_1.json", swap: []string{"http://sharkey/users/afcj40xfmzy00003", "{alice}"}, want: `
			answer: 403
			reason: the object has no id`},
	}
}

func threadiverse() []fixture {
	return []fixture{
		{file: "threadiverse/friendica/activities/create_note.json", want: `
			reason: https://lemmy.schuerz.at/post/25360 answers 404
			Note by @jakob@soc.schuerz.at, public, de
			text: <span class="h-card"><a href="https://lemmy.schuerz.at/u/jakob" class="u-url mention" target="…referrer">@<span>jakob</span></a></span> test
			reply to: https://lemmy.schuerz.at/post/25360
			mentions: jakob@lemmy.schuerz.at
			page: https://soc.schuerz.at/display/4edd2508-4361-edb8-c4d8-b45181083984
			at: 2022-01-23T20:21:24.000Z`},
		{file: "threadiverse/friendica/activities/create_page_1.json", want: `
			Note by @mastodon@masto.qa.urbanwildlife.biz, public, fr, at home
			text: <p>Test post to community</p><p><span class="h-card"><a href="https://lemmy.qa.urbanwildlife.b…>@<span>lemmy_community</span></a></span></p>
			mentions: lemmy_community@lemmy.qa.urbanwildlife.biz
			page: https://masto.qa.urbanwildlife.biz/@mastodon/110435994705014161
			at: 2023-05-26T16:45:48.000Z`},
		{file: "threadiverse/friendica/activities/create_page_2.json", want: `
			Article by @heluecht@pirati.ca, unlisted, de, at home
			text: <p><strong>From Friendica to Lemmy</strong></p>Hello Lemmy!…
			mentions: testcom@ds9.lemmy.ml
			page: https://pirati.ca/display/ec054ce7-5162-3bf2-504c-16d024994850
			at: 2022-03-24T04:23:44.000Z`},
		{file: "threadiverse/friendica/activities/delete.json", knows: []string{"https://pirati.ca/objects/ec054ce7-4762-3c1c-3c25-0cc665717210"}, want: `
			it is gone`},
		{file: "threadiverse/friendica/activities/like_page.json", swap: []string{"https://pirati.ca/objects/ec054ce7-2062-3bfa-8687-ca8313624820", "{post}"}, want: `
			alice's post: favourites 1
			notification: favourite @heluecht@pirati.ca`},
		{file: "threadiverse/friendica/activities/undo_dislike_page.json", swap: []string{"https://pirati.ca/objects/ec054ce7-2062-3bfa-8687-ca8313624820", "{post}"}, want: `
			nothing changes`},
		{file: "threadiverse/friendica/activities/update_note.json", knows: []string{"https://pirati.ca/objects/ec054ce7-4762-3c1c-3c25-0cc665717210"}, want: `
			Note by @heluecht@pirati.ca, public, de…
			text: <span class="h-card"><a href="https://pirati.ca/profile/test8" …This is an edited comment.
			mentions: test8@pirati.ca, testcom@ds9.lemmy.ml
			…
			edited: 2022-03-24T21:37:34.000Z`},
		{file: "threadiverse/gnusocial/activities/create_note.json", want: `
			Note by @diogo@instance.gnusocial.test, public, at home
			text: <p>yay ^^</p>
			reply to: https://instance.gnusocial.test/object/note/1338
			at: 2022-03-01T21:00:16.000Z`},
		{file: "threadiverse/gnusocial/activities/create_page.json", want: `
			Page by @diogo@instance.gnusocial.test, public, at home
			text: <p><strong>hello, world.</strong></p><p>This is an interesting page.</p><p><a href="https://in…n class="invisible">/note/1338</span></a></p>
			at: 2022-03-17T23:30:26.000Z`},
		{file: "threadiverse/lemmy/activities/block/block_user.json", want: `
			reason: the account https://ds9.lemmy.ml/u/lemmy_alpha is not known here`},
		{file: "threadiverse/lemmy/activities/block/undo_block_user.json", want: `
			nothing changes`},
		{file: "threadiverse/lemmy/activities/community/add_featured_post.json", want: `
			reason: …`},
		{file: "threadiverse/lemmy/activities/community/add_mod.json", want: `
			reason: …`},
		{file: "threadiverse/lemmy/activities/community/lock_page.json", want: `
			reason: activities of type …`},
		{file: "threadiverse/lemmy/activities/community/report_page.json", swap: []string{"http://enterprise.lemmy.ml/post/7", "{post}"}, want: `
			nothing changes`},
		{file: "threadiverse/lemmy/activities/community/update_community.json", want: `
			answer: 403
			reason: https://ds9.lemmy.ml/u/lemmy_alpha may not update the actor https://enterprise.lemmy.ml/c/main`},
		{file: "threadiverse/lemmy/activities/community/warn.json", want: `
			reason: activities of type …`},
		{file: "threadiverse/lemmy/activities/create_or_update/create_comment.json", want: `
			reason: https://ds9.lemmy.ml/post/1 answers 404
			Note by @lemmy_alpha@ds9.lemmy.ml, public
			text: hello
			reply to: https://ds9.lemmy.ml/post/1
			at: 2021-11-01T11:45:49.794Z`},
		{file: "threadiverse/lemmy/activities/create_or_update/create_private_message.json", swap: []string{"http://ds9.lemmy.ml/u/lemmy_alpha", "{alice}"}, want: `
			Note by @lemmy_beta@enterprise.lemmy.ml, direct, at home
			text: hello
			mentions: alice
			at: 2021-10-29T15:31:56.058Z
			notification: mention @lemmy_beta@enterprise.lemmy.ml`},
		{file: "threadiverse/lemmy/activities/create_or_update/create_private_message_0.19.json", swap: []string{"https://voyager.lemmy.ml/u/nutomic", "{alice}"}, want: `
			… by @nutomic@enterprise.lemmy.ml, direct, at home
			text: <p>hi!</p>…
			mentions: alice
			at: …
			notification: mention @nutomic@enterprise.lemmy.ml`},
		{file: "threadiverse/lemmy/activities/deletion/delete_page.json", knows: []string{"https://ds9.lemmy.ml/post/1"}, want: `
			it is gone`},
		{file: "threadiverse/lemmy/activities/deletion/delete_private_message.json", knows: []string{"https://enterprise.lemmy.ml/private_message/1"}, want: `
			it is gone`},
		{file: "threadiverse/lemmy/activities/deletion/undo_delete_page.json", want: `
			nothing changes`},
		{file: "threadiverse/lemmy/activities/deletion/undo_delete_private_message.json", want: `
			nothing changes`},
		{file: "threadiverse/lemmy/activities/deletion/undo_remove_note.json", want: `
			nothing changes`},
		{file: "threadiverse/lemmy/activities/following/follow.json", swap: []string{"http://enterprise.lemmy.ml/c/main", "{alice}"}, want: `
			relation: following, followed_by
			notification: follow @lemmy_alpha@ds9.lemmy.ml`},
		{file: "threadiverse/lemmy/activities/following/undo_follow.json", swap: []string{"http://enterprise.lemmy.ml/c/main", "{alice}"}, want: `
			relation: following`},
		{file: "threadiverse/lemmy/activities/voting/dislike_page.json", swap: []string{"http://ds9.lemmy.ml/post/1", "{post}"}, want: `
			reason: …Dislike…`},
		{file: "threadiverse/lemmy/activities/voting/undo_dislike_page.json", swap: []string{"http://ds9.lemmy.ml/post/1", "{post}"}, want: `
			nothing changes`},
		{file: "threadiverse/lemmy/activities/voting/undo_like_note.json", swap: []string{"http://ds9.lemmy.ml/comment/1", "{post}"}, want: `
			nothing changes`},
		{file: "threadiverse/lotide/activities/delete_note.json", knows: []string{"https://narwhal.city/posts/12"}, want: `
			it is gone`},
		{file: "threadiverse/lotide/activities/follow.json", swap: []string{"https://beehaw.org/c/foss", "{alice}"}, want: `
			relation: following, followed_by
			notification: follow @1@dev.narwhal.city`},
		{file: "threadiverse/mastodon/activities/delete.json", knows: []string{"https://mastodon.madrid/users/felix/statuses/107773559874184870"}, want: `
			it is gone`},
		{file: "threadiverse/mastodon/activities/follow.json", swap: []string{"https://ds9.lemmy.ml/c/testcom", "{alice}"}, want: `
			relation: following, followed_by
			notification: follow @asonix@masto.asonix.dog`},
		{file: "threadiverse/mastodon/activities/like_page.json", swap: []string{"https://ds9.lemmy.ml/post/147", "{post}"}, want: `
			alice's post: favourites 1
			notification: favourite @felix@mastodon.madrid`},
		{file: "threadiverse/mastodon/activities/private_message.json", swap: []string{"https://ds9.lemmy.ml/u/nutomic", "{alice}"}, create: true, want: `
			reason: https://mastodon.world/users/nutomic/statuses/110854464248188528 answers 404
			Note by @nutomic@mastodon.world, direct, es
			text: <p><span class="h-card" translate="no"><a href="https://a.test/users/alice" class="u-url menti…utomic@ds9.lemmy.ml</span></a></span> 444</p>
			reply to: https://mastodon.world/users/nutomic/statuses/110854464248188528
			mentions: alice
			page: https://mastodon.world/@nutomic/110854468010322301
			at: 2023-08-08T14:29:04.000Z
			notification: mention @nutomic@mastodon.world`},
		{file: "threadiverse/mastodon/activities/undo_follow.json", swap: []string{"https://ds9.lemmy.ml/c/testcom", "{alice}"}, want: `
			relation: following`},
		{file: "threadiverse/mbin/activities/flag.json", swap: []string{"https://lemmy-test/post/4", "{post}", "https://lemmy-test/u/BentiGorlich", "{alice}"}, want: `
			nothing changes`},
		{file: "threadiverse/mitra/activities/accept.json", swap: []string{"https://voyager.lemmy.ml/activities/follow/7d782f02-b91d-4455-b6c0-772540f00c2d", "{follow}", "https://voyager.lemmy.ml/u/silverpill", "{alice}"}, asked: true, want: `
			relation: following`},
		{file: "threadiverse/mitra/activities/create_post.json", want: `
			Note by @test@mitra.social, public, da, at home
			text: <p>Remote post 5</p>
			at: 2026-07-12T19:30:38.521Z`},
		{file: "threadiverse/peertube/activities/announce_video.json", serves: map[string]string{"https://tilvids.com/videos/watch/e7946124-7b72-4ad7-9d22-844a84bb2de1": "threadiverse/peertube/objects/video.json"}, want: `
			Video by @thelinuxexperiment@tilvids.com, public, en, at home
			…
			boost by @thelinuxexperiment_channel@tilvids.com, public, at home
			…`},
		{file: "threadiverse/pleroma/activities/delete.json", knows: []string{"https://greenish.red/objects/38e2b983-ebf5-4387-9bc2-3b80305469c9"}, want: `
			it is gone`},
		{file: "threadiverse/pleroma/activities/follow.json", swap: []string{"https://lemmy.ca/u/kinetix", "{alice}"}, want: `
			relation: following, followed_by
			notification: follow @kinetix@mycrowd.ca`},
		{file: "threadiverse/smithereen/activities/create_note.json", swap: []string{"https://ds9.lemmy.ml/u/nutomic", "{alice}", "https://ds9.lemmy.ml/post/1723", "{post}"}, want: `
			Note by @1@friends.grishka.me, public, at home
			text: <p>So does this federate now?</p>
			reply to: https://a.test/objects/…
			mentions: alice
			at: 2021-11-09T11:42:35.000Z
			alice's post: replies 1
			notification: mention @1@friends.grishka.me`},
	}
}
